package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// noRole is SECOND_FACTOR_ROLES of an installation where no role takes one.
const noRole = "none"

// SecondFactorRoles are those that take a second factor; nil: by default.
func (s Server) SecondFactorRoles() ([]identity.Role, error) {
	var roles []identity.Role
	none := false
	for _, name := range s.SecondFactor {
		role := identity.Role(strings.TrimSpace(name))
		switch {
		case role == "":
		case role == noRole:
			none = true
		case !slices.Contains(identity.Roles(), role):
			return nil, fmt.Errorf("SECOND_FACTOR_ROLES: there is no role %q; there are %v", role, identity.Roles())
		case !slices.Contains(roles, role):
			roles = append(roles, role)
		}
	}
	switch {
	case none && len(roles) > 0:
		return nil, fmt.Errorf("SECOND_FACTOR_ROLES says %s and names %v: only one of them can be", noRole, roles)
	case none:
		return []identity.Role{}, nil
	}
	return roles, nil
}

// SetupLink leads to the page on which the first organizer comes to be.
func (s Server) SetupLink(token string) string {
	at := "http://" + s.Listen
	if s.PublicURL != "" {
		at = strings.TrimSuffix(s.PublicURL, "/")
	}
	return at + gateway.SetupPath + "?token=" + url.QueryEscape(token)
}
