/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a source says of itself, kept in its object's BTF for the tools to read. */
#ifndef NFUP_TAG_H
#define NFUP_TAG_H

#define NFUP_TAG(text) __attribute__((btf_decl_tag(text)))

#endif
