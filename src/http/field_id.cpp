#include "http/field_id.h"

#include <array>

namespace signet::http {
namespace {

constexpr std::size_t kLongestName = 40;
struct Name {
  std::array<char, kLongestName> text{};
  std::uint8_t size = 0;
  constexpr std::string_view view() const { return {text.data(), size}; }
};

constexpr Name name_of(std::string_view identifier) {
  Name name;
  for (const char c : identifier)
    name.text[name.size++] = c == '_' ? '-' : c;
  return name;
}

constexpr std::array<Name, kFieldIds> kNames{Name{},
#define SIGNET_HTTP_FIELD_NAME(id) name_of(#id),
                                             SIGNET_HTTP_FIELDS(SIGNET_HTTP_FIELD_NAME)
#undef SIGNET_HTTP_FIELD_NAME
};

constexpr std::size_t kSlots = 2048;
// Any odd number under which no two names share a slot; about one in a hundred does. When a new
// name makes the static_assert below fail, try others.
constexpr std::uint64_t kMultiplier = 0x55C60E73332D2C29;

// Five bytes and the length tell the names apart.
constexpr std::size_t slot_of(std::string_view name) {
  const auto byte = [name](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<std::uint8_t>(name[i]));
  };
  const std::size_t n = name.size();
  const std::uint64_t key = byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16 |
                            byte(n < 4 ? 0 : n - 4) << 24 | byte(n / 4) << 32 |
                            static_cast<std::uint64_t>(n) << 40;
  return static_cast<std::size_t>(key * kMultiplier >> 53);
}
static_assert(kSlots == std::size_t{1} << (64 - 53));

constexpr bool no_two_share_a_slot() {
  std::array<bool, kSlots> taken{};
  for (std::size_t i = 1; i < kFieldIds; ++i) {
    bool& slot = taken[slot_of(kNames[i].view())];
    if (slot) return false;
    slot = true;
  }
  return true;
}
static_assert(no_two_share_a_slot());

constexpr auto kTable = [] {
  std::array<std::uint8_t, kSlots> table{};
  for (std::size_t i = 1; i < kFieldIds; ++i) {
    table[slot_of(kNames[i].view())] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return FieldId::unknown;
  const std::uint8_t candidate = kTable[slot_of(name)];
  return candidate != 0 && kNames[candidate].view() == name ? static_cast<FieldId>(candidate)
                                                            : FieldId::unknown;
}

std::string_view field_name(FieldId id) {
  return kNames[static_cast<std::size_t>(id)].view();
}

}  // namespace signet::http
