/* SPDX-License-Identifier: Apache-2.0 */
/* SANITIZED is 1 in builds with a sanitizer that changes what a process may do and how much memory it takes, else 0. */
#ifndef ESPIAL_TESTS_SANITIZED_H
#define ESPIAL_TESTS_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
