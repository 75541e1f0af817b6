#include "runtime/lane.h"

#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace signet::runtime {

namespace {

// Whoever waits for a disk waits a little longer; requests that need none do not wait for it when
// both want the same processor.
constexpr int kNice = 5;

class Homecoming final : public Message {
 public:
  using Arrive = void (*)(std::unique_ptr<Job>);
  Homecoming(std::unique_ptr<Job> job, Arrive arrive) : job_(std::move(job)), arrive_(arrive) {}
  void deliver() override { arrive_(std::move(job_)); }

 private:
  std::unique_ptr<Job> job_;
  Arrive arrive_;
};

}  // namespace

Job::~Job() {
  // Dropped before it came home: nobody may look for it any more.
  if (ticket_ != nullptr) ticket_->waiting_for_ = nullptr;
}

Lane::Lane(std::string name, std::size_t threads, std::size_t queue_bound)
    : name_(std::move(name)), bound_(queue_bound) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { work(); });
}

Lane::~Lane() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

bool Lane::submit(EventLoop& loop, std::unique_ptr<Job>& job) {
  job->home_ = &loop;
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= bound_) return false;
    queue_.push_back(std::move(job));
  }
  wanted_.notify_one();
  return true;
}

bool Lane::run_and_forget(EventLoop& loop, std::unique_ptr<Job> job) {
  return submit(loop, job);
}

void Lane::work() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  // Of this thread only (Linux counts niceness per thread); refused, it runs as before.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  while (true) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job->run();
    EventLoop* home = job->home_;
    home->post(std::make_unique<Homecoming>(std::move(job), [](std::unique_ptr<Job> arrived) {
      JobAwaiter* ticket = arrived->ticket_;
      if (ticket == nullptr) return;
      arrived->ticket_ = nullptr;
      ticket->waiting_for_ = nullptr;
      ticket->done_ = std::move(arrived);
      ticket->arrived_.wake_all();
    }));
  }
}

JobAwaiter::JobAwaiter(Lane& lane, EventLoop& loop, std::unique_ptr<Job> job) : loop_(loop) {
  job->ticket_ = this;
  Job* submitted = job.get();
  if (lane.submit(loop, job)) {
    waiting_for_ = submitted;
  } else {
    job->ticket_ = nullptr;
  }
}

JobAwaiter::~JobAwaiter() {
  // The job is on its way home and can only be destroyed on this thread.
  if (waiting_for_ != nullptr) waiting_for_->ticket_ = nullptr;
}

Task<std::expected<std::unique_ptr<Job>, LaneError>> JobAwaiter::result() {
  if (waiting_for_ == nullptr && !done_) co_return std::unexpected(LaneError::full);
  while (!done_)
    co_await arrived_.wait(loop_);
  co_return std::move(done_);
}

}  // namespace signet::runtime
