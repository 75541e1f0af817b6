#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "gateway/spool_files.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"

namespace signet::gateway {

struct SpoolSettings {
  std::string directory;
  std::uint64_t bytes = std::uint64_t{20} << 30;  // of all spooled bodies together
  // Jobs waiting for the disk. An exchange has at most one, and one for closing its file: twice
  // limits.exchanges is never full.
  std::size_t queue = 8192;
};

// The room that spooled bodies take, and their files' end. Outlives the Spool where a file is still
// on its way home.
class SpoolLedger {
 public:
  SpoolLedger(SpoolSettings settings, SpoolFiles& files)
      : settings_(std::move(settings)), files_(files) {}

  // Any thread. False: over settings.bytes, nothing was taken.
  bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) { in_use_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t in_use() const { return in_use_.load(std::memory_order_relaxed); }
  std::uint64_t capacity() const { return settings_.bytes; }
  const std::string& directory() const { return settings_.directory; }
  SpoolFiles& files() { return files_; }

  // Closes `fd` on the lane and then releases its bytes; at once when there is no lane any more.
  void retire(runtime::EventLoop& loop, const std::shared_ptr<SpoolLedger>& self, int fd,
              std::uint64_t bytes);
  // Helper thread: closes what was retired and not closed yet.
  void close_retired();
  // For jobs of the lane, when they are done: the same, if the lane was too full to take it.
  void close_overdue() {
    if (overdue_.load(std::memory_order_relaxed)) close_retired();
  }
  void attach(runtime::Lane* lane);  // null: from now on files are closed at once

 private:
  struct Retired {
    int fd;
    std::uint64_t bytes;
  };

  const SpoolSettings settings_;
  SpoolFiles& files_;
  std::atomic<std::uint64_t> in_use_{0};
  std::atomic<bool> overdue_{false};
  std::mutex mutex_;
  runtime::Lane* lane_ = nullptr;
  std::vector<Retired> retired_;
};

// One body's file. Moves between its payload and the jobs that work on it, so that it is never in
// two hands; whoever drops it retires it.
class SpoolFile {
 public:
  SpoolFile(std::shared_ptr<SpoolLedger> ledger, runtime::EventLoop& home)
      : ledger_(std::move(ledger)), home_(home) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // Room for so many bytes more; false: the spool is full.
  bool reserve(std::uint64_t bytes);
  SpoolLedger& ledger() { return *ledger_; }

  // Helper thread. Opens the file if needed; gives 0 or an errno.
  int append(std::string_view bytes);
  // Helper thread. Fills `into` or gives an errno; a file that ends before is EIO.
  int read(std::uint64_t offset, std::span<char> into);

 private:
  std::shared_ptr<SpoolLedger> ledger_;
  runtime::EventLoop& home_;
  int fd_ = -1;
  std::uint64_t reserved_ = 0;
  std::uint64_t written_ = 0;
};

// Where bodies wait that are too large for memory: unnamed files, worked on by two helper threads
// ("files") that serve nothing else. One per process.
//
// Destroyed after the loops have stopped turning and every payload has ended, and before the loops
// are destroyed. `files` outlives everything.
class Spool {
 public:
  Spool(SpoolSettings settings, SpoolFiles& files);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Any thread.
  std::uint64_t bytes_in_use() const { return ledger_->in_use(); }
  // Whether so many more bytes could be taken now. Nothing is reserved by asking.
  bool has_room_for(std::uint64_t bytes) const;

  std::unique_ptr<SpoolFile> new_file(runtime::EventLoop& loop) {
    return std::make_unique<SpoolFile>(ledger_, loop);
  }
  runtime::Lane& lane() { return *lane_; }

 private:
  std::shared_ptr<SpoolLedger> ledger_;
  std::unique_ptr<runtime::Lane> lane_;
};

// What one loop needs to take in bodies: the loop, the spool, and hash contexts to reuse.
class Spooler {
 public:
  Spooler(runtime::EventLoop& loop, Spool& spool) : loop_(loop), spool_(spool) {
    spare_.reserve(kSpareHashes);
  }
  Spooler(const Spooler&) = delete;
  Spooler& operator=(const Spooler&) = delete;

  runtime::EventLoop& loop() { return loop_; }
  Spool& spool() { return spool_; }

  // The digest of a body that is here in one piece.
  crypto::Digest digest_of(std::string_view bytes) {
    whole_.update(bytes);
    return whole_.finish();
  }

  // A context for one body that arrives in pieces.
  class Hash {
   public:
    explicit Hash(Spooler& owner) : owner_(owner), sha256_(owner.take_hash()) {}
    ~Hash() { owner_.give_hash(std::move(sha256_)); }
    Hash(const Hash&) = delete;
    Hash& operator=(const Hash&) = delete;
    void update(std::string_view bytes) { sha256_.update(bytes); }
    crypto::Digest finish() { return sha256_.finish(); }

   private:
    Spooler& owner_;
    crypto::Sha256 sha256_;
  };

 private:
  static constexpr std::size_t kSpareHashes = 64;

  crypto::Sha256 take_hash();
  void give_hash(crypto::Sha256 hash);

  runtime::EventLoop& loop_;
  Spool& spool_;
  crypto::Sha256 whole_;
  std::vector<crypto::Sha256> spare_;
};

}  // namespace signet::gateway
