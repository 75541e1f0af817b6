#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace signet::watch {

// A bounded queue of bytes from one thread to one other, without locks. Texts go in whole or not at
// all and come out in order; their borders are not kept.
class ByteRing {
 public:
  // `capacity` is a power of two.
  explicit ByteRing(std::size_t capacity);

  // Producer only. False when there is no room.
  bool push(std::string_view text);
  // Producer only: how many bytes push() would take now. Never less later, but for its own pushes.
  std::size_t room() const;
  // Consumer only: appends what is there to `out`, whole texts always; how many bytes.
  std::size_t pop(std::string& out);
  // Any thread; a moment's view.
  bool empty() const;

 private:
  std::size_t mask_;
  std::unique_ptr<char[]> bytes_;
  // Each end on a cache line of its own, with the copy of the other end it last saw.
  alignas(64) std::atomic<std::size_t> written_{0};
  std::size_t read_seen_ = 0;
  alignas(64) std::atomic<std::size_t> read_{0};
};

}  // namespace signet::watch
