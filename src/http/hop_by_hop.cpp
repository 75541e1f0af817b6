#include "http/hop_by_hop.h"

#include "http/characters.h"
#include "http/connection_options.h"

namespace signet::http {

bool is_hop_by_hop(FieldId id) {
  switch (id) {
    case FieldId::connection:
    case FieldId::content_length:
    case FieldId::http2_settings:
    case FieldId::keep_alive:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authentication_info:
    case FieldId::proxy_authorization:
    case FieldId::proxy_connection:
    case FieldId::te:
    case FieldId::trailer:
    case FieldId::transfer_encoding:
    case FieldId::upgrade: return true;
    default: return false;
  }
}

void remove_hop_by_hop(Fields& fields) {
  // Nearly every Connection field says only close or keep-alive, which name no other field here:
  // Keep-Alive goes anyway.
  const auto names_others = [](const Field& field) {
    return field.id == FieldId::connection &&
           !character::equals_ignoring_case(field.value, "keep-alive") &&
           !character::equals_ignoring_case(field.value, "close");
  };
  Fields naming(fields.arena());
  for (const Field& field : fields) {
    if (names_others(field)) naming.add(field);
  }
  fields.remove_if([&naming](const Field& field) {
    return is_hop_by_hop(field.id) || connection_names(naming, field.name);
  });
}

}  // namespace signet::http
