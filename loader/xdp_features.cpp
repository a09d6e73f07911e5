// SPDX-License-Identifier: BSD-2-Clause
#include "xdp_features.h"

#include <memory>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

namespace nfup::loader {

namespace {

// linux/netdev.h is newer than the headers of the oldest system we build on.
constexpr int cmd_dev_get = 1;
constexpr int attr_ifindex = 1;
constexpr int attr_xdp_features = 3;

int keep_features(nl_msg* message, void* out)
{
	nlattr* attributes[attr_xdp_features + 1] = {};
	if (genlmsg_parse(nlmsg_hdr(message), 0, attributes, attr_xdp_features, nullptr) == 0 &&
	    attributes[attr_xdp_features])
		*static_cast<std::optional<std::uint64_t>*>(out) = nla_get_u64(attributes[attr_xdp_features]);
	return NL_OK;
}

} // namespace

std::optional<std::uint64_t> xdp_features(int ifindex)
{
	const std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket(nl_socket_alloc(), nl_socket_free);
	if (!socket || genl_connect(socket.get()) != 0)
		return {};
	const int family = genl_ctrl_resolve(socket.get(), "netdev");
	if (family < 0)
		return {};
	const std::unique_ptr<nl_msg, void (*)(nl_msg*)> message(nlmsg_alloc(), nlmsg_free);
	if (!message || !genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, cmd_dev_get, 1) ||
	    nla_put_u32(message.get(), attr_ifindex, static_cast<std::uint32_t>(ifindex)) != 0)
		return {};
	std::optional<std::uint64_t> features;
	nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, keep_features, &features);
	if (nl_send_auto(socket.get(), message.get()) < 0 || nl_recvmsgs_default(socket.get()) != 0)
		return {};
	return features;
}

} // namespace nfup::loader
