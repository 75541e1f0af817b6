#pragma once

#include <string>

namespace signet::signing {

// What AWS calls credentials. `token` is empty for long-lived keys. Neither secret nor token is
// ever logged or put into an error.
struct AccessKey {
  std::string id;
  std::string secret;
  std::string token;
};

}  // namespace signet::signing
