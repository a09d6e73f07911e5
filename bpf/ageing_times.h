/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What last_seen says of an entry that ages, beside a time. */
#ifndef NFUP_AGEING_TIMES_H
#define NFUP_AGEING_TIMES_H

#define AGE_OVER 0u    /* nobody finds it any more; shown as `never` */
#define AGE_DELETED 1u /* somebody is deleting it */

#endif
