/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The sanitizers need calls of their own, at the end more than at any time. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif
