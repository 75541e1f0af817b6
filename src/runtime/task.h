#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/frame_pool.h"

namespace signet::runtime {

template <typename T>
class Task;

// What every promise of this room shares: frames come from the thread's frame pool, and an
// exception that reaches a coroutine's edge ends the program (errors on the request path are
// values).
struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    give_frame_back(frame, bytes);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      return finished.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
};

// A coroutine that has not begun. `co_await std::move(task)` runs it to its end on the same loop
// and gives its result. The Task owns the frame: destroying it cancels, which unregisters every
// wait inside; it must happen at the loop's top level or in the coroutine that awaits it, never
// from inside the task itself.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    Task gone(std::exchange(handle_, std::exchange(other.handle_, nullptr)));
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const { return handle_ != nullptr; }
  bool done() const { return handle_ && handle_.done(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        handle.promise().continuation = caller;
        return handle;
      }
      T await_resume() {
        if constexpr (!std::is_void_v<T>) return std::move(*handle.promise().value);
      }
    };
    return Awaiter{handle_};
  }

  // For those who start tasks (TaskSet, race): the frame, still owned by this Task.
  Handle handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace signet::runtime

// Declares `name` as the value of an expected, or returns its error from this coroutine.
#define SIGNET_CO_TRY_JOIN2(a, b) a##b
#define SIGNET_CO_TRY_JOIN(a, b) SIGNET_CO_TRY_JOIN2(a, b)
#define SIGNET_CO_TRY_WITH(result, declaration, ...)                 \
  auto result = (__VA_ARGS__);                                       \
  if (!result) co_return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)
#define CO_TRY(declaration, ...) \
  SIGNET_CO_TRY_WITH(SIGNET_CO_TRY_JOIN(co_try_, __COUNTER__), declaration, __VA_ARGS__)
