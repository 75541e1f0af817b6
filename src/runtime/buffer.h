#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "runtime/block_pool.h"

namespace signet::runtime {

// A piece of a body: one pool block and the part of it that is filled. Move-only; dropping it gives
// the block back. Belongs to the loop whose pool it came from; must not outlive that pool.
class Buffer {
 public:
  Buffer() = default;
  Buffer(BlockPool& pool, BlockSize size) : pool_(&pool), block_(pool.take(size)), size_(size) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer gone(std::move(other));
    swap(gone);
    return *this;
  }
  ~Buffer() {
    if (block_ != nullptr) pool_->give_back(block_, size_);
  }

  // A buffer that holds a copy of `text`, at most 64 KiB.
  static Buffer copy_of(BlockPool& pool, std::string_view text) {
    Buffer buffer(pool, BlockPool::size_for(text.size()));
    std::memcpy(buffer.block_, text.data(), text.size());
    buffer.end_ = static_cast<std::uint32_t>(text.size());
    return buffer;
  }

  explicit operator bool() const { return block_ != nullptr; }
  // The filled part. Valid until the buffer is moved from or dropped.
  std::string_view view() const { return {block_ + begin_, end_ - begin_}; }
  char* data() { return block_ + begin_; }
  const char* data() const { return block_ + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return kBlockBytes[static_cast<std::size_t>(size_)]; }

  // Room after the filled part; commit() what was written there.
  std::span<char> room() { return {block_ + end_, capacity() - end_}; }
  void commit(std::size_t bytes) { end_ += static_cast<std::uint32_t>(bytes); }
  void consume(std::size_t bytes) { begin_ += static_cast<std::uint32_t>(bytes); }
  void truncate(std::size_t bytes) { end_ = begin_ + static_cast<std::uint32_t>(bytes); }
  void clear() { begin_ = end_ = 0; }

  void swap(Buffer& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(size_, other.size_);
  }

 private:
  BlockPool* pool_ = nullptr;
  char* block_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  BlockSize size_ = BlockSize::k4;
};

}  // namespace signet::runtime
