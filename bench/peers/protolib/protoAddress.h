// Stands in for Protolib's header, which no package of Debian has: as much of it as normCast.cpp uses.
// The namespaces without a name keep it out of the linker's sight, so that libnorm goes on using the
// classes of these names that it has inside.
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include <cassert>

#define ASSERT assert
#define MIN(one, two) ((one) < (two) ? (one) : (two))

namespace {

// An address that is only ever printed.
class ProtoAddress {
  public:
    enum Type { IPv4 };

    void SetRawHostAddress(Type, const char* bytes, uint8_t) {
        inet_ntop(AF_INET, bytes, text, sizeof text);
    }
    const char* GetHostString() const { return text; }

  private:
    char text[INET_ADDRSTRLEN] = "";
};

}  // namespace
