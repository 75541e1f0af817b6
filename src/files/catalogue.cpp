#include "files/catalogue.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "crypto/hex.h"
#include "crypto/sha256.h"
#include "files/media_type.h"
#include "http/characters.h"

namespace signet::files {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNotBuilt =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head><meta charset=\"utf-8\"><title>The portal is not built</title></head>\n"
    "<body>\n"
    "<h1>The portal is not built</h1>\n"
    "<p>This Signet runs, but the files of its portal are not beside it. The apps answer all the\n"
    "same, at <code>/mlflow-ui/</code> and <code>/apps/&lt;name&gt;/</code>.</p>\n"
    "<p>To build the portal, run <code>npm ci &amp;&amp; npm run build</code> in the project's\n"
    "<code>portal</code> folder, then start Signet again. <code>./run</code> does both.</p>\n"
    "</body>\n"
    "</html>\n";

[[noreturn]] void fail(const fs::path& path, std::string_view why) {
  throw std::runtime_error(fmt::format("static file {}: {}", path.string(), why));
}

bool is_plain_name(std::string_view path) {
  return std::all_of(path.begin(), path.end(),
                     [](char c) { return http::character::is_unreserved(c) || c == '/'; });
}

std::string read_whole(const fs::path& path, std::size_t at_most) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, std::generic_category().message(errno));
  std::string bytes;
  std::vector<char> piece(64 * 1024);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > at_most) fail(path, "the folder is larger than its limit");
  }
  if (in.bad()) fail(path, "cannot be read");
  return bytes;
}

Variant variant_of(std::string bytes) {
  Variant variant;
  const crypto::HexDigest digest = crypto::hex(crypto::Sha256::of(bytes));
  variant.etag = fmt::format("\"{}\"", crypto::view(digest).substr(0, 32));
  variant.bytes = std::move(bytes);
  return variant;
}

template <typename MaybeConstFile>
auto& variant_in(MaybeConstFile& file, http::Coding coding) {
  switch (coding) {
    case http::Coding::br: return file.br;
    case http::Coding::gzip: return file.gzip;
    case http::Coding::identity: break;
  }
  return file.identity;
}

struct CodedName {
  std::string_view path;  // without the coding's extension
  http::Coding coding;
};

CodedName coded_name(std::string_view path) {
  if (path.ends_with(".br")) return {path.substr(0, path.size() - 3), http::Coding::br};
  if (path.ends_with(".gz")) return {path.substr(0, path.size() - 3), http::Coding::gzip};
  return {path, http::Coding::identity};
}

File file_named(std::string_view path) {
  File file;
  file.media_type = media_type(path);
  file.page = file.media_type.starts_with("text/html");
  file.immutable = !file.page && is_content_hashed(path);
  return file;
}

}  // namespace

const Variant& File::variant(http::Coding coding) const {
  return variant_in(*this, coding);
}

bool is_content_hashed(std::string_view path) {
  constexpr std::size_t kHashLength = 8;
  if (!path.starts_with("assets/")) return false;
  std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot <= kHashLength) return false;
  name = name.substr(0, dot);
  // The hash may itself contain "-": only its length tells where it begins.
  const std::string_view hash = name.substr(name.size() - kHashLength);
  const char before = name[name.size() - kHashLength - 1];
  const bool separated = before == '-' || before == '.';
  const bool telling = std::any_of(hash.begin(), hash.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  });
  return separated && telling && hash.find('.') == std::string_view::npos;
}

Catalogue Catalogue::load(const fs::path& directory, const CatalogueLimits& limits) {
  Catalogue catalogue;
  std::error_code error;
  fs::recursive_directory_iterator walk(directory, error);
  if (error) fail(directory, error.message());
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    const fs::directory_entry& entry = *walk;
    const fs::file_status status = entry.symlink_status();
    if (fs::is_directory(status)) continue;
    if (!fs::is_regular_file(status)) fail(entry.path(), "is not a regular file");
    const std::string path = entry.path().lexically_relative(directory).generic_string();
    if (!is_plain_name(path)) fail(entry.path(), "has a name that no address could spell");

    std::string bytes = read_whole(entry.path(), limits.bytes - catalogue.bytes_);
    catalogue.bytes_ += bytes.size();
    const CodedName name = coded_name(path);
    auto place = catalogue.files_.find(name.path);
    if (place == catalogue.files_.end()) {
      if (catalogue.files_.size() == limits.files) fail(directory, "holds too many files");
      place = catalogue.files_.emplace(std::string(name.path), file_named(name.path)).first;
    }
    variant_in(place->second, name.coding) = variant_of(std::move(bytes));
  }
  if (error) fail(directory, error.message());
  for (const auto& [path, file] : catalogue.files_) {
    if (!file.identity.exists()) fail(directory / path, "is there only in a compressed form");
  }
  return catalogue;
}

Catalogue Catalogue::not_built() {
  Catalogue catalogue;
  File page = file_named("index.html");
  page.status = 503;
  page.identity = variant_of(std::string(kNotBuilt));
  catalogue.bytes_ = page.identity.bytes.size();
  catalogue.files_.emplace("index.html", std::move(page));
  return catalogue;
}

const File* Catalogue::find(std::string_view path) const {
  const auto place = files_.find(path);
  return place == files_.end() ? nullptr : &place->second;
}

const File* Catalogue::find_page(std::string_view path, bool navigation) const {
  if (const File* file = find(path)) return file;
  if (path.starts_with("assets/")) return nullptr;
  const std::string_view last = path.substr(path.rfind('/') + 1);
  const bool has_extension = last.find('.') != std::string_view::npos;
  return has_extension && !navigation ? nullptr : find("index.html");
}

}  // namespace signet::files
