// Asio, included in one way only. Internal: no other folder, and no other file of this one, includes
// <asio/...>.
//
// Asio chooses its mutexes and threads by macros of the standard library that exist only once one of the
// library's headers was included. Two files that include Asio in different surroundings then disagree about
// the layout of its classes, and the heap breaks. So: a standard header first, in every file, by this file.
#pragma once

// clang-format off
#include <version>
#include <cstddef>
// clang-format on

#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#if !defined(ASIO_HAS_STD_MUTEX_AND_CONDVAR) || !defined(ASIO_HAS_STD_THREAD)
#error "Asio was configured without the standard library's threads; see the comment above"
#endif
