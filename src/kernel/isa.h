/* isa.h -- one source, several instruction sets. The build compiles every source of the float rooms
 * once per set with RC_ISA defined as its name; RC_ISA_NAME(x) names the symbol.
 * RC_FMA is one rounding where the set has it (all but plain, so that these give the same bits).
 *
 * Also the few compiler attributes that float rooms need, wrapped once.
 */
#ifndef RCK_ISA_H
#define RCK_ISA_H

#include "recur.h"

#include <math.h>

#ifndef RC_ISA
#error "float rooms are compiled with -DRC_ISA=plain, avx2, ..."
#endif

#define RC_ISA_PASTE_(name, isa) name##_##isa
#define RC_ISA_PASTE(name, isa) RC_ISA_PASTE_(name, isa)
#define RC_ISA_NAME(name) RC_ISA_PASTE(name, RC_ISA)

/* The set whose functions this one has where it adds nothing: itself, unless the build says. */
#ifndef RC_BASE
#define RC_BASE RC_ISA
#endif

#define RC_ISA_QUOTE_(isa) #isa
#define RC_ISA_QUOTE(isa) RC_ISA_QUOTE_(isa)
#define RC_ISA_STRING RC_ISA_QUOTE(RC_ISA) /* "plain", "avx2", ... */

#ifdef RC_DOUBLE
#define RC_C(x) (x)
#else
#define RC_C(x) (x##f)
#endif

#if defined(__FMA__) && !defined(RC_DOUBLE)
#define RC_FMA(a, b, c) __builtin_fmaf((a), (b), (c))
#else
#define RC_FMA(a, b, c) ((a) * (b) + (c))
#endif

/* RC_INLINE: part of its caller, whatever its size; sizes passed as constants then fold away.
 * RC_NOINLINE: a loop over restrict parameters that must keep them to vectorise well.
 * RC_IVDEP, before a loop: its arrays are the same or apart, never shifted against each other.
 * RC_UNROLL, before a loop whose bounds are constant: no loop is left.
 * RC_LANES, before a loop over 16 lanes: it becomes vectors as it stands, not after unrolling. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* libm calls do not vectorise */
#define RC_INLINE static inline __attribute__((always_inline))
#define RC_NOINLINE static __attribute__((noinline))
#define RC_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#define RC_UNROLL _Pragma("clang loop unroll(full)")
#define RC_LANES
#elif defined(__GNUC__)
#define RC_INLINE static inline __attribute__((always_inline))
#define RC_NOINLINE static __attribute__((noinline))
#define RC_IVDEP _Pragma("GCC ivdep")
#define RC_UNROLL _Pragma("GCC unroll 64")
#define RC_LANES _Pragma("GCC unroll 1")
#else
#define RC_INLINE static inline
#define RC_NOINLINE static
#define RC_IVDEP
#define RC_UNROLL
#define RC_LANES
#endif

#endif
