/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds that nobody can guess, for guests' /chosen/rng-seed. They are made from what this machine
 * gives: rng-seed of its own tree, and the hart's entropy source where there is one that limen may poll.
 *
 * Owns one key, into which all that comes is hashed. A seed is a hash of the key, a number that is
 * never used twice, and the clock; the key is then replaced by another hash of itself. So no two
 * seeds are made alike, none tells another, and the key tells none that were made before. Nothing
 * is made until as many bytes have come as a seed has: a guest believes that its seed is worth them.
 *
 * The boot hart while it boots, then main's thread: nobody else, and so there is no lock.
 *
 * SHA-256: FIPS 180-4. rng-seed: dt-schema's chosen.yaml.
 */
#ifndef HYP_MACHINE_ENTROPY_H
#define HYP_MACHINE_ENTROPY_H

#include "lib/types.h"

#define ENTROPY_SEED 32 /* bytes of a seed; what Linux takes for fully seeded */

/*
 * Takes rng-seed out of /chosen: the bytes in the tree are overwritten and the property is gone, so
 * that nobody finds them there later. fdt: a tree that fdt_check_full() has passed, writable. What
 * else is in the tree stays where it is.
 */
void entropy_take_tree(void *fdt);

/*
 * Polls a source until it has a seed's worth, says that it is dead, is not there (poll() is false), or lets
 * itself be waited for too long. Only the whole counts. Bits 31 and 30 of *value are the source's state: 2,
 * bits 15 to 0 are 16 of its bits; 3, it is dead; else it has none yet.
 */
void entropy_take_source(bool (*poll)(u32 *value));

/* Makes a seed; may block. False, and *seed is not written: not enough has come to make one of. */
bool entropy_make_seed(u8 seed[ENTROPY_SEED]);

/* Has enough come? */
bool entropy_there(void);

#endif
