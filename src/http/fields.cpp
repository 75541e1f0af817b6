#include "http/fields.h"

#include <algorithm>
#include <span>
#include <utility>

namespace signet::http {

Fields::Fields(Fields&& other) noexcept
    : arena_(other.arena_),
      rows_(std::exchange(other.rows_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      present_(std::exchange(other.present_, {})) {}

Fields& Fields::operator=(Fields&& other) noexcept {
  if (this == &other) return *this;
  arena_ = other.arena_;
  rows_ = std::exchange(other.rows_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  present_ = std::exchange(other.present_, {});
  return *this;
}

void Fields::grow() {
  const std::size_t capacity = capacity_ == 0 ? 24 : capacity_ * 2;
  Field* rows = arena_->make_array<Field>(capacity);
  std::copy_n(rows_, size_, rows);
  rows_ = rows;
  capacity_ = capacity;
}

const Field* Fields::find_row(FieldId id) const {
  for (const Field& field : *this) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Fields::find(std::string_view name) const {
  const FieldId id = field_id(name);
  if (id != FieldId::unknown) return find(id);
  for (const Field& field : *this) {
    if (field.id == FieldId::unknown && field.name == name) return &field;
  }
  return nullptr;
}

std::size_t Fields::count(FieldId id) const {
  if (!has(id)) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(*this, [id](const Field& field) { return field.id == id; }));
}

void Fields::rebase(const char* from, const char* to) {
  // Through integers: `from` may be gone, and pointers into freed memory have no difference.
  const auto shift = reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
  const auto moved = [shift](std::string_view text) {
    const auto at = reinterpret_cast<std::uintptr_t>(text.data()) + shift;
    return std::string_view(reinterpret_cast<const char*>(at), text.size());
  };
  for (Field& field : std::span(rows_, size_)) {
    field.name = moved(field.name);
    field.value = moved(field.value);
  }
}

}  // namespace signet::http
