#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "runtime/arena.h"
#include "runtime/block_pool.h"
#include "runtime/buffer.h"

namespace signet::origin {

// Memory for the head of one exchange: first for the request's, then for the answer's. Starts as
// one 4 KiB block and grows.
class HeadBlock {
 public:
  explicit HeadBlock(runtime::Arena& arena) : arena_(arena) {}
  HeadBlock(const HeadBlock&) = delete;
  HeadBlock& operator=(const HeadBlock&) = delete;

  // Gives at least `capacity` bytes in all, of which those in use move to the front. What was
  // handed out before is invalid then, unless it is over 64 KiB: that memory is the arena's.
  void reserve(std::size_t capacity);
  // Forgets the content, keeps the memory.
  void clear() { begin_ = end_ = 0; }
  // Moves what is in use to the front.
  void compact();
  // Gives the memory back; comes before the arena's reset.
  void release();

  std::size_t capacity() const { return capacity_; }
  char* data() { return base_ + begin_; }
  std::size_t size() const { return end_ - begin_; }
  std::string_view view() const { return {base_ + begin_, end_ - begin_}; }
  std::span<char> room() { return {base_ + end_, capacity_ - end_}; }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  void truncate(std::size_t bytes) { end_ = begin_ + bytes; }

 private:
  runtime::Arena& arena_;
  runtime::Buffer block_;
  char* base_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace signet::origin
