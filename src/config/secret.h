#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "crypto/secret.h"

namespace signet::config {

// A text that must not be printed: formatting or streaming one gives "***". Wiped when destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { crypto::wipe(other.text_); }
  Secret& operator=(Secret other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() { crypto::wipe(text_); }

  bool empty() const { return text_.empty(); }
  // The text itself, for the one place that sends it. Valid as long as this Secret is unchanged.
  std::string_view reveal() const { return text_; }
  bool operator==(const Secret& other) const {
    return crypto::equal_constant_time(text_, other.text_);
  }

 private:
  std::string text_;
};

inline std::ostream& operator<<(std::ostream& out, const Secret&) {
  return out << "***";
}

}  // namespace signet::config

template <>
struct fmt::formatter<signet::config::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const signet::config::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
