#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signet::identity {

// By what somebody was recognised; the audit log names it.
enum class Means : std::uint8_t { session, token, bearer, load_balancer };

// What ids of AWS roles begin with. Claims may name nobody so.
inline constexpr std::string_view kAwsPersonPrefix = "aws:";

// Somebody who is known: a person, or a machine that is treated like one.
struct Person {
  std::string id;    // config::person_id() of the claim that names the person
  std::string name;  // for people to read; may be empty
  std::vector<std::string> groups;
  bool operator==(const Person&) const = default;
};

}  // namespace signet::identity
