#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace signet::runtime {

// Blocks of one size, cut from mapped slabs. Slabs that a whole interval between two trim() did not
// need go back to the system, so that memory follows the load without a page fault per request.
// Not thread-safe.
//
// Not malloc: after many simultaneous exchanges glibc keeps their pages for good.
class Slabs {
 public:
  // `slab_bytes`: a power of two, at least a page; a slab is aligned to it, so that a block finds
  // its slab by masking. `spares`: slabs that are kept whatever the load.
  Slabs(std::size_t block_bytes, std::size_t slab_bytes, std::size_t spares)
      : block_bytes_(block_bytes), slab_bytes_(slab_bytes), spares_(spares) {}
  // Unmaps every slab with room; all blocks must be home.
  ~Slabs();
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;

  // Never null: running out of address space ends the program. Aligned to 64 bytes, and to
  // `block_bytes` up to a page where that is a power of two. Contents are undefined.
  void* take();
  // `block` came from take().
  void give_back(void* block);
  // Unmaps the empty slabs that were empty ever since the last call, but for the spares. Called by
  // the clock: unmapping whenever a slab is empty would map it anew in the loop's next turn.
  void trim();

  std::size_t block_bytes() const { return block_bytes_; }
  std::size_t bytes_mapped() const { return bytes_mapped_; }

 private:
  struct Slab;

  Slab* map_slab();
  void unmap_slab(Slab* slab);
  std::size_t first_block() const;

  std::size_t block_bytes_;
  std::size_t slab_bytes_;
  std::size_t spares_;
  std::vector<Slab*> with_room_;  // the last is taken from
  std::size_t empty_ = 0;         // of them, slabs without a block in use
  std::size_t least_empty_ = 0;   // since the last trim()
  std::size_t bytes_mapped_ = 0;
};

}  // namespace signet::runtime
