#include "watch/byte_ring.h"

#include <algorithm>
#include <cstring>

namespace signet::watch {

ByteRing::ByteRing(std::size_t capacity)
    : mask_(capacity - 1), bytes_(std::make_unique_for_overwrite<char[]>(capacity)) {}

bool ByteRing::push(std::string_view text) {
  const std::size_t capacity = mask_ + 1;
  std::size_t written = written_.load(std::memory_order_relaxed);
  if (text.size() > capacity - (written - read_seen_)) {
    read_seen_ = read_.load(std::memory_order_acquire);
    if (text.size() > capacity - (written - read_seen_)) return false;
  }
  std::size_t at = written & mask_;
  std::size_t first = std::min(text.size(), capacity - at);
  std::memcpy(bytes_.get() + at, text.data(), first);
  std::memcpy(bytes_.get(), text.data() + first, text.size() - first);
  // Sequentially consistent: the writer thread's "asleep" must not be read before this is seen.
  written_.store(written + text.size(), std::memory_order_seq_cst);
  return true;
}

std::size_t ByteRing::room() const {
  return mask_ + 1 -
         (written_.load(std::memory_order_relaxed) - read_.load(std::memory_order_acquire));
}

std::size_t ByteRing::pop(std::string& out) {
  std::size_t read = read_.load(std::memory_order_relaxed);
  std::size_t taken = written_.load(std::memory_order_acquire) - read;
  std::size_t at = read & mask_;
  std::size_t first = std::min(taken, mask_ + 1 - at);
  out.append(bytes_.get() + at, first);
  out.append(bytes_.get(), taken - first);
  read_.store(read + taken, std::memory_order_release);
  return taken;
}

bool ByteRing::empty() const {
  return written_.load(std::memory_order_seq_cst) == read_.load(std::memory_order_relaxed);
}

}  // namespace signet::watch
