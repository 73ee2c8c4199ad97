// Stands in for Protolib's header (see protoAddress.h): the words of a text, from its front or its back.
#pragma once

#include <string>

namespace {

class ProtoTokenator {
  public:
    ProtoTokenator(const char* text, char separator, bool = true, int = 0, bool from_back = false)
        : rest(text), between(separator), back(from_back) {}

    const char* GetNextItem() {
        if (rest.empty()) return nullptr;
        size_t at = back ? rest.rfind(between) : rest.find(between);
        if (at == std::string::npos) {
            item = rest;
            rest.clear();
        } else if (back) {
            item = rest.substr(at + 1);
            rest.resize(at);
        } else {
            item = rest.substr(0, at);
            rest.erase(0, at + 1);
        }
        return item.c_str();
    }

  private:
    std::string rest, item;
    char between;
    bool back;
};

}  // namespace
