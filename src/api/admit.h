// Who may use an endpoint, and proof of it.
#pragma once

#include "api/call.h"

namespace baton::api {

// What an endpoint asks for once tenants are configured. Without them everything is open on the loopback.
enum class Need {
  kNothing,  // open to everybody, always
  // A key with that scope.
  kChat,
  kEmbeddings,
  kModels,
  kRoute,
  kExchanges,
  kCases,
  // A key with at least that role.
  kViewer,
  kAuditor,
  kOperator,
  kOwner,
};

// Sets call.principal and, for what costs money, call.pass. kUnauthenticated and kPermissionDenied with the
// gate's names, "scope_missing", "role_missing"; kRateLimited of the limits; kPermissionDenied
// "admin_from_elsewhere" for an admin request that no key protects and that comes from another machine or web
// page.
Task<Status> Admit(Call& call, Need need);

}  // namespace baton::api
