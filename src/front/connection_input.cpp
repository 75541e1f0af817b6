#include "front/connection_input.h"

#include <algorithm>
#include <cstring>

namespace signet::front {

std::expected<std::size_t, runtime::IoError> ConnectionInput::try_read(std::span<char> into) {
  if (rest_.empty()) return stream_.try_read(into);
  std::size_t bytes = std::min(into.size(), rest_.size());
  std::memcpy(into.data(), rest_.data(), bytes);
  drop_rest(bytes);
  return bytes;
}

}  // namespace signet::front
