#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/accept.h"

namespace signet::files {

// One representation of a file, as it goes over the wire.
struct Variant {
  std::string bytes;
  std::string etag;  // strong, with its quotes; empty: there is no such representation
  bool exists() const { return !etag.empty(); }
};

// A file in all the codings it was built in.
struct File {
  std::string_view media_type;
  int status = 200;
  bool page = false;       // HTML: gets the page policy
  bool immutable = false;  // its name changes with its content
  Variant identity;
  Variant gzip;
  Variant br;

  const Variant& variant(http::Coding coding) const;
  bool has_codings() const { return gzip.exists() || br.exists(); }
};

struct CatalogueLimits {
  std::size_t bytes = std::size_t{64} << 20;  // of all representations together
  std::size_t files = 4096;
};

// A directory of static files, read into memory once. Immutable afterwards, so that all loops share
// it; whoever serves a File keeps the catalogue until the exchange ends.
class Catalogue {
 public:
  // Reads every file below `directory`; blocks. "x.br" and "x.gz" beside "x" become its codings.
  // Throws std::runtime_error naming the file and the cause: unreadable, a symbolic link or another
  // special file, a name outside [A-Za-z0-9._~/-] (which no normalised path could spell), a coding
  // without its file, or over a limit.
  static Catalogue load(const std::filesystem::path& directory, const CatalogueLimits& limits = {});
  // What stands in for a portal that was not built: one page, 503, that says how to build it.
  static Catalogue not_built();

  // `path`: normalised, without a leading slash, e.g. "assets/index-BbT3kQ9x.js". Null when there
  // is no such file. No file system is touched.
  const File* find(std::string_view path) const;

  // The same for an application that keeps its addresses in its own router: what is neither a file
  // nor below "assets/" is index.html, if its last segment has no "." or a browser navigates to it.
  const File* find_page(std::string_view path, bool navigation) const;

  std::size_t size() const { return files_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, File, Hash, std::equal_to<>> files_;
  std::size_t bytes_ = 0;
};

// Whether Vite put a hash of the content into this path: below "assets/", and the stem ends in "-"
// or "." and 8 characters of base64url with a digit or a capital among them, which the last word of
// an ordinary name has not.
bool is_content_hashed(std::string_view path);

}  // namespace signet::files
