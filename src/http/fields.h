#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field_id.h"
#include "runtime/arena.h"

namespace signet::http {

// One field line. `name` is lower-case; `value` has no surrounding space and no CR, LF or NUL when
// it came from a parser. The views live as long as the head's block or arena.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldId id;
};

// Field lines in the order they came, repeated names included (RFC 9110 §5.2). The table itself
// lives in the arena, which must outlive it; texts that are added are not copied.
class Fields {
 public:
  explicit Fields(runtime::Arena& arena) : arena_(&arena) {}
  Fields(Fields&& other) noexcept;
  Fields& operator=(Fields&& other) noexcept;
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  // `name` must be lower-case and outlive the table, as must `value`.
  void add(std::string_view name, std::string_view value) { add({name, value, field_id(name)}); }
  void add(FieldId id, std::string_view value) { add({field_name(id), value, id}); }
  void add(const Field& field) {
    if (size_ == capacity_) grow();
    rows_[size_++] = field;
    mark(field.id);
  }
  // Removes every field of that name, then adds one.
  void set(FieldId id, std::string_view value) {
    remove(id);
    add(id, value);
  }

  // The first of that name, or null. The pointer is valid until the table changes.
  const Field* find(FieldId id) const { return has(id) ? find_row(id) : nullptr; }
  // `name` must be lower-case.
  const Field* find(std::string_view name) const;
  // The first one's value, or empty.
  std::string_view value(FieldId id) const {
    const Field* field = find(id);
    return field == nullptr ? std::string_view() : field->value;
  }
  std::size_t count(FieldId id) const;
  bool has(FieldId id) const {
    const auto bit = static_cast<std::size_t>(id);
    return (present_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  void remove(FieldId id) {
    if (has(id)) remove_if([id](const Field& field) { return field.id == id; });
  }
  // Keeps the order of what stays.
  template <typename Predicate>
  void remove_if(Predicate predicate) {
    std::size_t kept = 0;
    present_ = {};
    for (std::size_t i = 0; i < size_; ++i) {
      if (predicate(static_cast<const Field&>(rows_[i]))) continue;
      if (kept != i) rows_[kept] = rows_[i];
      mark(rows_[kept].id);
      ++kept;
    }
    size_ = kept;
  }

  const Field* begin() const { return rows_; }
  const Field* end() const { return rows_ + size_; }
  const Field& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  runtime::Arena& arena() const { return *arena_; }

  // The texts were moved together from `from` to `to` (a head's block that had to grow).
  void rebase(const char* from, const char* to);

 private:
  void grow();
  const Field* find_row(FieldId id) const;
  void mark(FieldId id) {
    const auto bit = static_cast<std::size_t>(id);
    present_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }

  runtime::Arena* arena_;
  Field* rows_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  // Most look-ups are for fields that are absent: one bit answers them.
  std::array<std::uint64_t, 3> present_{};
  static_assert(kFieldIds <= 192);
};

}  // namespace signet::http
