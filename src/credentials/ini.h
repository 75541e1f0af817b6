#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/secret.h"

namespace signet::credentials {

// AWS's shared config and credentials files, as far as they are the same:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

// "name = value". The value is wiped when it dies: it may be a secret.
struct Property {
  Property() = default;
  Property(Property&&) noexcept = default;
  Property& operator=(Property&& other) noexcept {
    std::swap(name, other.name);
    std::swap(value, other.value);
    std::swap(line, other.line);
    return *this;
  }
  ~Property() { crypto::wipe(value); }

  std::string name;  // lower-case
  std::string value;
  int line = 0;
};

struct Section {
  // Between the brackets, without surrounding space: "default", "profile research".
  std::string name;
  int line = 0;
  std::vector<Property> properties;
};

// Lines count from 1. `what` repeats nothing of the line, which may hold a secret.
struct IniError {
  int line = 0;
  std::string what;
};

inline constexpr std::size_t kMaxIniBytes = 1 << 20;
inline constexpr std::size_t kMaxIniLine = 64 << 10;
inline constexpr std::size_t kMaxSections = 1000;
inline constexpr std::size_t kMaxProperties = 100;  // of a section

// Comments begin with # or ; at the start of a line, or after a space in it. Lines end in LF or
// CRLF. An indented line belongs to the property before it (the SDKs nest settings of services so)
// and is left out. Refused, as botocore does: a section or property that is there twice, anything
// before the first section, and lines that are none of this.
std::expected<std::vector<Section>, IniError> parse_ini(std::string_view text);

}  // namespace signet::credentials
