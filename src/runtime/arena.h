#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>

#include "runtime/block_pool.h"

namespace signet::runtime {

// Memory of one exchange: grows by pool blocks, is freed as a whole, never runs destructors.
// Everything it hands out is valid until reset() or the arena's end. An unused arena holds nothing.
class Arena {
 public:
  explicit Arena(BlockPool& pool) : pool_(pool) {}
  ~Arena() { reset(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `align` is a power of two, at most 16. Requests over 60 KiB get memory of their own.
  void* allocate(std::size_t bytes, std::size_t align) {
    std::size_t start = (used_ + align - 1) & ~(align - 1);
    if (current_ == nullptr || start + bytes > capacity_) return allocate_slowly(bytes);
    used_ = start + bytes;
    return current_ + start;
  }

  // Uninitialised room for `count` objects that need no destructor.
  template <typename T>
  T* make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    char* to = make_array<char>(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Frees everything that was handed out.
  void reset();

  std::size_t bytes_held() const { return bytes_held_; }
  BlockPool& pool() { return pool_; }

 private:
  struct Chunk {
    Chunk* previous;
    std::size_t bytes;  // 0: a pool block of `size`; else a mapping of its own
    BlockSize size;
  };

  void* allocate_slowly(std::size_t bytes);

  BlockPool& pool_;
  char* current_ = nullptr;  // the newest pool block; starts with its Chunk
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::size_t bytes_held_ = 0;
  Chunk* newest_ = nullptr;
};

}  // namespace signet::runtime
