#include "runtime/frame_pool.h"

#include <deque>
#include <new>

#include "runtime/slabs.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIGNET_FRAMES_FROM_MALLOC 1
#endif
#endif

namespace signet::runtime {

namespace {

#ifdef SIGNET_FRAMES_FROM_MALLOC

// Every frame an allocation of its own, so that AddressSanitizer sees a dangling one.
class FramePool {
 public:
  void* take(std::size_t bytes) {
    in_use_ += bytes;
    return ::operator new(bytes);
  }
  void give_back(void* memory, std::size_t bytes) {
    in_use_ -= bytes;
    ::operator delete(memory);
  }
  void trim() {}
  std::size_t in_use() const { return in_use_; }

 private:
  std::size_t in_use_ = 0;
};

#else

class FramePool {
 public:
  FramePool() {
    for (std::size_t i = 1; i <= kClasses; ++i)
      classes_.emplace_back(i * kStep, kSlabBytes, 4);
  }

  void* take(std::size_t bytes) {
    in_use_ += bytes;
    if (bytes > kLargest) return ::operator new(bytes);
    return classes_[(bytes - 1) / kStep].take();
  }

  void give_back(void* memory, std::size_t bytes) {
    in_use_ -= bytes;
    if (bytes > kLargest) {
      ::operator delete(memory);
    } else {
      classes_[(bytes - 1) / kStep].give_back(memory);
    }
  }

  void trim() {
    for (Slabs& size : classes_)
      size.trim();
  }
  std::size_t in_use() const { return in_use_; }

 private:
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 64;
  static constexpr std::size_t kLargest = kStep * kClasses;
  static constexpr std::size_t kSlabBytes = std::size_t{1} << 16;

  std::deque<Slabs> classes_;  // by size
  std::size_t in_use_ = 0;
};

#endif

thread_local FramePool frame_pool;

}  // namespace

void* take_frame(std::size_t bytes) {
  return frame_pool.take(bytes);
}
void give_frame_back(void* frame, std::size_t bytes) noexcept {
  frame_pool.give_back(frame, bytes);
}
void trim_frames() {
  frame_pool.trim();
}
std::size_t frame_bytes_in_use() {
  return frame_pool.in_use();
}

}  // namespace signet::runtime
