#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace signet::config {

// MLflow's own words, each more than the one before (design §1.5).
enum class Permission : std::uint8_t { none, read, use, edit, manage };
inline constexpr std::size_t kPermissions = 5;
// "NO_PERMISSIONS", "READ", …
std::string_view to_string(Permission permission);

// Whom an entry means: anybody who is one of the people or in one of the groups. The group
// "everyone" is every signed-in person.
struct Subjects {
  std::vector<std::string> people;  // person ids; e-mail addresses in lower case
  std::vector<std::string> groups;
  bool empty() const { return people.empty() && groups.empty(); }
};
inline constexpr std::string_view kEveryone = "everyone";

struct Rule {
  Subjects subjects;
  std::vector<std::string> apps;  // names, or patterns with "*"
  Permission permission = Permission::none;
  Place place;
};

struct Access {
  bool given = false;  // whether the file has the section
  Subjects admins;
  std::vector<Rule> rules;
};

// Whether `name` fits a pattern in which "*" stands for any text, also none.
bool matches(std::string_view pattern, std::string_view name);

// An id as it is compared: what looks like an e-mail address in lower case (ASCII), since providers
// disagree about the case of the same address; everything else as it is.
std::string person_id(std::string_view text);

}  // namespace signet::config
