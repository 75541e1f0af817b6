#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "http/field_id.h"

namespace signet::http {

// A constant set of field names that the program knows; asking is one load.
class FieldSet {
 public:
  constexpr FieldSet(std::initializer_list<FieldId> ids) {
    for (FieldId id : ids)
      has_[static_cast<std::size_t>(id)] = true;
  }
  constexpr bool has(FieldId id) const { return has_[static_cast<std::size_t>(id)]; }

 private:
  std::array<bool, kFieldIds> has_{};
};

}  // namespace signet::http
