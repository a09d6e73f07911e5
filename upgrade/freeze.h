// SPDX-License-Identifier: BSD-2-Clause
// A frozen NF lets no packet in: a root that drops all (as `frozen`) is in slot 0, so that
// nothing changes its states while the last of them move to another machine.
#pragma once

#include <string>

#include "framework.h"
#include "intent/result.h"
#include "records.h"
#include "store.h"

namespace nfup::upgrade {

// The root of a generation that lets nobody in, loaded and not in use yet.
// Error (kind refused): an earlier nfup made this generation, whose root cannot be frozen.
Result<Fd> load_frozen_root(const Framework& framework, const Generation& generation);

// Its own root again. Freezing and this are one slot write each, and can be repeated.
Result<void> thaw(const Store& store, const Framework& framework, const Generation& generation);
Result<void> thaw_running(const Store& store); // the same

// An NF that was left frozen after its states were sent goes on here; loaded or not.
// False: it was not frozen. Call it with the NF's lock held.
Result<bool> thaw_sent(const Store& store);

// Error (kind refused): it was left frozen.
Result<void> check_not_frozen(const NfRecord& record);

} // namespace nfup::upgrade
