// Stands in for Protolib's header (see protoAddress.h): a list of paths to send, all of plain files.
#pragma once

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#define PROTO_PATH_DELIMITER '/'

namespace {

class ProtoFile {
  public:
    static bool IsWritable(const char* path) { return access(path, W_OK) == 0; }

    class Path {
      public:
        bool IsDirectory() const { return false; }
        const char* GetPath() const { return ""; }
    };

    class PathList {
      public:
        bool AppendPath(const char* path) {
            if (access(path, R_OK) != 0 || strlen(path) > PATH_MAX) return false;
            paths.push_back(path);
            return true;
        }
        void Destroy() { paths.clear(); }

        class PathIterator {
          public:
            explicit PathIterator(PathList& list) : paths(list.paths) {}

            bool GetNextFile(char* path) {
                if (next == paths.size()) return false;
                strcpy(path, paths[next++].c_str());
                return true;
            }
            const Path* GetCurrentPathItem() const { return &current; }

          private:
            std::vector<std::string>& paths;
            size_t next = 0;
            Path current;
        };

      private:
        std::vector<std::string> paths;
    };
};

}  // namespace
