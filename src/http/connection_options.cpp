#include "http/connection_options.h"

#include "http/characters.h"

namespace signet::http {

using character::equals_ignoring_case;

ConnectionOptions connection_options(const Fields& fields) {
  ConnectionOptions options;
  std::size_t elements = 0;
  if (!fields.has(FieldId::connection)) return options;
  for (const Field& field : fields) {
    if (field.id != FieldId::connection) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view option = character::next_element(rest);
      if (++elements > kMaxConnectionOptions) options.valid = false;
      if (option.empty()) continue;
      if (equals_ignoring_case(option, "close")) {
        options.close = true;
      } else if (equals_ignoring_case(option, "keep-alive")) {
        options.keep_alive = true;
      } else if (!character::is_token(option)) {
        options.valid = false;
      }
    }
  }
  return options;
}

bool connection_names(const Fields& fields, std::string_view name) {
  if (!fields.has(FieldId::connection)) return false;
  for (const Field& field : fields) {
    if (field.id != FieldId::connection) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      if (equals_ignoring_case(character::next_element(rest), name)) return true;
    }
  }
  return false;
}

}  // namespace signet::http
