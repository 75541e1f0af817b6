#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <memory>
#include <unordered_set>
#include <utility>

namespace signet::state {

// A hash table of immutable records, each found by a key inside itself. A copy shares everything
// with its original, which must not be changed any more, and a change copies only the 1/256 that it
// touches: neither making the next snapshot nor dropping the last one takes a turn of a loop for
// long. Reading and copying a const table is safe from every thread.
//
// `Key` has static functions: of(record) → key, hash(key) → std::size_t, equal(key, key).
template <typename Record, typename Key>
class SharedTable {
 public:
  SharedTable() = default;
  SharedTable(const SharedTable& other) : shards_(other.shards_), size_(other.size_) {}
  SharedTable& operator=(const SharedTable&) = delete;

  // Valid while the table is; null: no such record.
  template <typename Name>
  const Record* find(const Name& name) const {
    const std::shared_ptr<Shard>& shard = shards_[index_of(Key::hash(name))];
    if (!shard) return nullptr;
    auto found = shard->find(name);
    return found == shard->end() ? nullptr : found->get();
  }

  // Adds the record, in place of one with the same key.
  void put(Record record) {
    auto entry = std::make_shared<const Record>(std::move(record));
    Shard& shard = own(index_of(Key::hash(Key::of(*entry))));
    auto found = shard.find(Key::of(*entry));
    if (found == shard.end()) {
      ++size_;
    } else {
      shard.erase(found);
    }
    shard.insert(std::move(entry));
  }

  template <typename Name>
  void remove(const Name& name) {
    if (find(name) == nullptr) return;
    Shard& shard = own(index_of(Key::hash(name)));
    shard.erase(shard.find(name));
    --size_;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& shard : shards_) {
      if (!shard) continue;
      for (const auto& entry : *shard)
        visit(*entry);
    }
  }

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kShards = 256;
  using Entry = std::shared_ptr<const Record>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Entry& entry) const { return Key::hash(Key::of(*entry)); }
    template <typename Name>
    std::size_t operator()(const Name& name) const {
      return Key::hash(name);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Entry& a, const Entry& b) const {
      return Key::equal(Key::of(*a), Key::of(*b));
    }
    template <typename Name>
    bool operator()(const Name& name, const Entry& entry) const {
      return Key::equal(name, Key::of(*entry));
    }
    template <typename Name>
    bool operator()(const Entry& entry, const Name& name) const {
      return Key::equal(name, Key::of(*entry));
    }
  };
  using Shard = std::unordered_set<Entry, Hash, Equal>;

  // The upper bits: a shard's own buckets are chosen by the remainder.
  static std::size_t index_of(std::size_t hash) { return hash >> 56; }

  Shard& own(std::size_t index) {
    if (!mine_[index]) {
      std::shared_ptr<Shard>& shard = shards_[index];
      shard = shard ? std::make_shared<Shard>(*shard) : std::make_shared<Shard>();
      mine_[index] = true;
    }
    return *shards_[index];
  }

  std::array<std::shared_ptr<Shard>, kShards> shards_;
  // Shards that no copy shares yet. A count of owners would not do: reading it does not order this
  // thread's writes behind another's last reads.
  std::bitset<kShards> mine_;
  std::size_t size_ = 0;
};

}  // namespace signet::state
