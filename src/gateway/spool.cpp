#include "gateway/spool.h"

#include <cerrno>
#include <utility>

namespace signet::gateway {

namespace {

constexpr std::size_t kThreads = 2;

class CloseJob final : public runtime::Job {
 public:
  explicit CloseJob(std::shared_ptr<SpoolLedger> ledger) : ledger_(std::move(ledger)) {}
  void run() noexcept override { ledger_->close_retired(); }

 private:
  std::shared_ptr<SpoolLedger> ledger_;
};

}  // namespace

bool SpoolLedger::reserve(std::uint64_t bytes) {
  std::uint64_t used = in_use();
  do {
    if (bytes > settings_.bytes || used > settings_.bytes - bytes) return false;
  } while (!in_use_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

void SpoolLedger::retire(runtime::EventLoop& loop, const std::shared_ptr<SpoolLedger>& self, int fd,
                         std::uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    retired_.push_back({fd, bytes});
    if (lane_ != nullptr) {
      // Marked first: a job that is running now may be the last one before the queue is empty.
      overdue_.store(true, std::memory_order_relaxed);
      if (lane_->run_and_forget(loop, std::make_unique<CloseJob>(self))) {
        overdue_.store(false, std::memory_order_relaxed);
      }
      return;
    }
  }
  close_retired();
}

void SpoolLedger::close_retired() {
  std::vector<Retired> closing;
  {
    std::lock_guard lock(mutex_);
    closing.swap(retired_);
    overdue_.store(false, std::memory_order_relaxed);
  }
  for (const Retired& file : closing) {
    files_.close(file.fd);
    release(file.bytes);
  }
}

void SpoolLedger::attach(runtime::Lane* lane) {
  std::lock_guard lock(mutex_);
  lane_ = lane;
}

SpoolFile::~SpoolFile() {
  if (fd_ >= 0) {
    ledger_->retire(home_, ledger_, fd_, reserved_);
  } else {
    ledger_->release(reserved_);
  }
}

bool SpoolFile::reserve(std::uint64_t bytes) {
  if (!ledger_->reserve(bytes)) return false;
  reserved_ += bytes;
  return true;
}

int SpoolFile::append(std::string_view bytes) {
  if (fd_ < 0) {
    auto created = ledger_->files().create(ledger_->directory());
    if (!created) return created.error();
    fd_ = *created;
  }
  auto wrote = ledger_->files().write_at(fd_, written_, bytes);
  if (!wrote) return wrote.error();
  written_ += bytes.size();
  return 0;
}

int SpoolFile::read(std::uint64_t offset, std::span<char> into) {
  auto got = ledger_->files().read_at(fd_, offset, into);
  if (!got) return got.error();
  return *got == into.size() ? 0 : EIO;
}

Spool::Spool(SpoolSettings settings, SpoolFiles& files) {
  const std::size_t queue = settings.queue;
  ledger_ = std::make_shared<SpoolLedger>(std::move(settings), files);
  lane_ = std::make_unique<runtime::Lane>("files", kThreads, queue);
  ledger_->attach(lane_.get());
}

Spool::~Spool() {
  // Files in jobs that never ran are retired while the lane ends: no longer through it.
  ledger_->attach(nullptr);
  lane_.reset();
  ledger_->close_retired();
}

bool Spool::has_room_for(std::uint64_t bytes) const {
  const std::uint64_t used = ledger_->in_use();
  return used <= ledger_->capacity() && bytes <= ledger_->capacity() - used;
}

crypto::Sha256 Spooler::take_hash() {
  if (spare_.empty()) return crypto::Sha256();
  crypto::Sha256 hash = std::move(spare_.back());
  spare_.pop_back();
  return hash;
}

void Spooler::give_hash(crypto::Sha256 hash) {
  // The body may have been given up half-way.
  hash.reset();
  if (spare_.size() < kSpareHashes) spare_.push_back(std::move(hash));
}

}  // namespace signet::gateway
