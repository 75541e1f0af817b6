#pragma once

#include <string>
#include <vector>

namespace signet::config {

// A position in the configuration file, both counted from 1, columns in bytes.
struct Place {
  int line = 1;
  int column = 1;
  bool operator==(const Place&) const = default;
};

// Something that is wrong (or, as a warning, doubtful) in the configuration.
struct Problem {
  std::string file;
  Place place;
  std::string what;  // what is wrong, and what would be right; never holds a secret's value

  // "FILE:LINE:COLUMN: what is wrong, and what would be right"
  std::string text() const;
  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

}  // namespace signet::config
