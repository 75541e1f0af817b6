#pragma once

#include <chrono>
#include <memory>

#include "http/body.h"
#include "http/fields.h"
#include "http/framing.h"

namespace signet::origin {

class Answer;

// How long each part took, to the precision of a loop turn.
struct Timings {
  std::chrono::microseconds queue{0};       // for a connection of a full pool
  std::chrono::microseconds connect{0};     // name, TCP and TLS; 0 on a reused connection
  std::chrono::microseconds first_byte{0};  // from the head's sending to the answer's first byte
};

// An origin's answer: its head, and its body as it arrives. Views into the head stay valid until
// the Incoming is dropped; the Origin must outlive it.
//
// The connection goes back to the pool as soon as the body was read to its unambiguous end and all
// of engine rule 23 holds. Dropping the Incoming earlier closes it.
class Incoming {
 public:
  explicit Incoming(std::unique_ptr<Answer> answer);
  Incoming(Incoming&&) noexcept;
  Incoming& operator=(Incoming&&) noexcept;
  ~Incoming();

  int status() const;
  // As sent, repeated names included (MLflow sends two Dates). May be changed in place.
  http::Fields& fields();
  // Kind::none also for answers to HEAD, 204 and 304, whatever their fields say.
  const http::BodyFraming& framing() const;
  // Errors: malformed (chunked coding), stalled, gone (ended too early). Pieces are at most 64 KiB.
  http::ByteSource& body();
  // Whether nothing of the body is here yet, nor its end.
  bool body_would_wait();
  // Until that changes, or the deadline.
  runtime::Task<void> body_arrives(runtime::Time deadline);

  const Timings& timings() const;
  // The request went over a connection that had carried another before.
  bool reused() const;

 private:
  std::unique_ptr<Answer> answer_;
};

}  // namespace signet::origin
