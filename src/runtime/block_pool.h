#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/slabs.h"

namespace signet::runtime {

// The three sizes in which a loop hands out memory for heads and bodies.
enum class BlockSize : std::uint8_t { k4, k16, k64 };
inline constexpr std::array<std::size_t, 3> kBlockBytes{4096, 16384, 65536};

// The blocks of one event loop; not thread-safe.
class BlockPool {
 public:
  // Contents are undefined.
  char* take(BlockSize size) {
    bytes_in_use_ += kBlockBytes[static_cast<std::size_t>(size)];
    return static_cast<char*>(shelves_[static_cast<std::size_t>(size)].take());
  }
  // `block` came from take(size) of this pool.
  void give_back(char* block, BlockSize size) {
    bytes_in_use_ -= kBlockBytes[static_cast<std::size_t>(size)];
    shelves_[static_cast<std::size_t>(size)].give_back(block);
  }

  // Memory that stands in for blocks, since it is too large for one, counts as in use.
  void lend(std::size_t bytes) { bytes_in_use_ += bytes; }
  void lent_back(std::size_t bytes) { bytes_in_use_ -= bytes; }

  // Slabs::trim() of every size.
  void trim() {
    for (Slabs& shelf : shelves_)
      shelf.trim();
  }

  // The smallest size that holds `bytes`; k64 when none does.
  static BlockSize size_for(std::size_t bytes) {
    if (bytes <= kBlockBytes[0]) return BlockSize::k4;
    return bytes <= kBlockBytes[1] ? BlockSize::k16 : BlockSize::k64;
  }

  std::size_t bytes_in_use() const { return bytes_in_use_; }
  std::size_t bytes_mapped() const {
    std::size_t sum = 0;
    for (const Slabs& shelf : shelves_)
      sum += shelf.bytes_mapped();
    return sum;
  }

 private:
  static constexpr std::size_t kSlabBytes = std::size_t{1} << 20;

  std::array<Slabs, 3> shelves_{Slabs{kBlockBytes[0], kSlabBytes, 1},
                                Slabs{kBlockBytes[1], kSlabBytes, 1},
                                Slabs{kBlockBytes[2], kSlabBytes, 1}};
  std::size_t bytes_in_use_ = 0;
};

}  // namespace signet::runtime
