#include "gateway/payload.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "signing/payload_hash.h"

namespace signet::gateway {

using http::BodyError;
using runtime::Buffer;

namespace {

// More than this of one body is hashed only in the loop's next turn: about 10 µs, where engine rule
// 16 allows four times as much. Whoever else's request arrives meanwhile waits for that.
constexpr std::size_t kHashedPerTurn = 16 * 1024;

PayloadError body_failed(BodyError error) {
  return {PayloadError::Kind::body, error, {}};
}

PayloadError no_room(std::string why) {
  return {PayloadError::Kind::spool_full, BodyError::gone, std::move(why)};
}

PayloadError disk_failed(int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG || error == EMFILE ||
                    error == ENFILE || error == ENOMEM;
  return {full ? PayloadError::Kind::spool_full : PayloadError::Kind::spool_failed, BodyError::gone,
          "spool: " + std::generic_category().message(error)};
}

}  // namespace

// Appends pieces to the file, on a helper thread.
class Payload::WriteJob final : public runtime::Job {
 public:
  void run() noexcept override {
    for (std::size_t i = 0; i < count && error == 0; ++i)
      error = file->append(pieces[i].view());
    file->ledger().close_overdue();
  }

  std::unique_ptr<SpoolFile> file;
  std::array<Buffer, kMaxPieces> pieces;
  std::size_t count = 0;
  int error = 0;
};

// Reads one piece of the file, on a helper thread.
class Payload::ReadJob final : public runtime::Job {
 public:
  void run() noexcept override {
    error = file->read(offset, into.room().first(size));
    if (error == 0) into.commit(size);
    file->ledger().close_overdue();
  }

  std::unique_ptr<SpoolFile> file;
  Buffer into;
  std::uint64_t offset = 0;
  std::size_t size = 0;
  int error = 0;
};

runtime::Task<Payload::Collected> Payload::collect(http::ByteSource& body) {
  const std::optional<std::uint64_t> announced = body.length();
  if (announced == 0) {
    std::copy(signing::kEmptyPayload.begin(), signing::kEmptyPayload.end(), sha256_.begin());
    co_return Collected();
  }
  auto first = co_await body.read(kPieceBytes);
  if (!first) co_return std::unexpected(body_failed(first.error()));
  // Nearly every POST: all of it is here at once.
  if (announced && first->size() == *announced) {
    sha256_ = crypto::hex(spooler_.digest_of(first->view()));
    length_ = first->size();
    add(std::move(*first));
    co_return Collected();
  }
  co_return co_await collect_rest(body, std::move(*first));
}

runtime::Task<Payload::Collected> Payload::collect_rest(http::ByteSource& body, Buffer piece) {
  runtime::EventLoop& loop = spooler_.loop();
  const std::optional<std::uint64_t> announced = body.length();
  Spooler::Hash hash(spooler_);
  std::uint64_t turn = loop.turn();
  std::size_t hashed = 0;
  while (!piece.empty()) {
    for (std::string_view rest = piece.view(); !rest.empty();) {
      if (loop.turn() != turn) {
        turn = loop.turn();
        hashed = 0;
      } else if (hashed == kHashedPerTurn) {
        co_await loop.yield();
        continue;
      }
      const std::string_view part = rest.substr(0, kHashedPerTurn - hashed);
      hash.update(part);
      hashed += part.size();
      rest.remove_prefix(part.size());
    }
    length_ += piece.size();
    add(std::move(piece));
    if (pieces_must_go()) {
      if (!spooling_ && announced && *announced > length_ &&
          !spooler_.spool().has_room_for(*announced - length_)) {
        co_return std::unexpected(no_room("spool: spool.bytes is used up"));
      }
      auto written = co_await write_pieces();
      if (!written) co_return written;
    }
    if (in_flight_bytes_ + pieces_bytes() + kPieceBytes > kHeldBytes) {
      auto landed = co_await land_write();
      if (!landed) co_return landed;
    }
    auto next = co_await body.read(kPieceBytes);
    if (!next) co_return std::unexpected(body_failed(next.error()));
    piece = std::move(*next);
  }
  if (announced && *announced != length_) {
    co_return std::unexpected(body_failed(BodyError::malformed));
  }
  sha256_ = crypto::hex(hash.finish());
  if (spooling_) co_return co_await finish_writing();
  co_return Collected();
}

// Fills up the last piece before it begins another: many tiny pieces, each in a block of its own,
// would hold far more memory than content.
void Payload::add(Buffer piece) {
  content_ += piece.size();
  if (count_ > 0) {
    Buffer& last = pieces_[count_ - 1];
    const std::size_t fits = std::min(last.room().size(), piece.size());
    std::memcpy(last.room().data(), piece.data(), fits);
    last.commit(fits);
    piece.consume(fits);
    if (piece.empty()) return;
  }
  pieces_[count_++] = std::move(piece);
}

std::size_t Payload::pieces_bytes() const {
  std::size_t bytes = 0;
  for (const Buffer& piece : pieces_) {
    if (piece) bytes += piece.capacity();
  }
  return bytes;
}

bool Payload::pieces_must_go() const {
  const std::size_t enough = spooling_ ? kPieceBytes : kMemoryBytes + 1;
  return content_ >= enough || count_ == kMaxPieces || pieces_bytes() + kPieceBytes > kHeldBytes;
}

// Hands the pieces to a helper thread and does not wait for it, only for the one before.
runtime::Task<Payload::Collected> Payload::write_pieces() {
  auto landed = co_await land_write();
  if (!landed) co_return landed;
  if (!spooling_) {
    spooling_ = true;
    file_ = spooler_.spool().new_file(spooler_.loop());
  }
  if (!file_->reserve(content_)) {
    co_return std::unexpected(no_room("spool: spool.bytes is used up"));
  }
  auto job = std::make_unique<WriteJob>();
  in_flight_bytes_ = pieces_bytes();
  job->file = std::move(file_);
  job->count = std::exchange(count_, 0);
  content_ = 0;
  for (std::size_t i = 0; i < job->count; ++i)
    job->pieces[i] = std::move(pieces_[i]);
  job_.emplace(spooler_.spool().lane(), spooler_.loop(), std::move(job));
  co_return Collected();
}

runtime::Task<Payload::Collected> Payload::land_write() {
  if (!job_) co_return Collected();
  auto done = co_await job_->result();
  job_.reset();
  in_flight_bytes_ = 0;
  if (!done) co_return std::unexpected(no_room("spool: too many jobs wait for the disk"));
  auto& job = static_cast<WriteJob&>(**done);
  file_ = std::move(job.file);
  if (job.error != 0) co_return std::unexpected(disk_failed(job.error));
  co_return Collected();
}

runtime::Task<Payload::Collected> Payload::finish_writing() {
  if (count_ > 0) {
    auto written = co_await write_pieces();
    if (!written) co_return written;
  }
  co_return co_await land_write();
}

runtime::Task<Payload::Piece> Payload::read(std::size_t max) {
  if (stopped_) co_return Buffer();
  if (current_.empty()) {
    if (next_ < count_) {
      current_ = std::move(pieces_[next_++]);
    } else if (spooling_ && disk_taken_ < length_) {
      auto piece = co_await next_from_disk();
      if (!piece) co_return piece;
      current_ = std::move(*piece);
    }
  }
  if (current_.size() <= max) co_return std::exchange(current_, Buffer());
  Buffer part = Buffer::copy_of(spooler_.loop().blocks(), current_.view().substr(0, max));
  current_.consume(part.size());
  co_return part;
}

void Payload::begin_read() {
  auto job = std::make_unique<ReadJob>();
  job->offset = disk_offset_;
  job->size =
      static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, length_ - disk_offset_));
  job->into = Buffer(spooler_.loop().blocks(), runtime::BlockPool::size_for(job->size));
  job->file = std::move(file_);
  disk_offset_ += job->size;
  in_flight_bytes_ = job->into.capacity();
  job_.emplace(spooler_.spool().lane(), spooler_.loop(), std::move(job));
}

runtime::Task<Payload::Piece> Payload::next_from_disk() {
  if (disk_error_ != 0) co_return std::unexpected(BodyError::gone);
  if (!job_) begin_read();
  auto done = co_await job_->result();
  job_.reset();
  in_flight_bytes_ = 0;
  if (!done) {
    disk_error_ = EBUSY;
    co_return std::unexpected(BodyError::gone);
  }
  auto& job = static_cast<ReadJob&>(**done);
  file_ = std::move(job.file);
  if (job.error != 0) {
    disk_error_ = job.error;
    co_return std::unexpected(BodyError::gone);
  }
  Buffer piece = std::move(job.into);
  disk_taken_ += piece.size();
  if (disk_offset_ < length_) begin_read();
  co_return piece;
}

void Payload::stop() {
  stopped_ = true;
  job_.reset();
  file_.reset();
  in_flight_bytes_ = 0;
  current_ = Buffer();
  for (Buffer& piece : pieces_)
    piece = Buffer();
  count_ = next_ = 0;
}

}  // namespace signet::gateway
