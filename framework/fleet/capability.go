package fleet

// What a Provider may be able to do besides. A suite asks for a capability by
// a type assertion and does without where there is none, so that a new environment
// has to be no more than a Provider.

// Imitator is a Provider whose load balancers can be like those of another
// platform: an environment for rehearsals.
type Imitator interface {
	Provider
	// Imitate is called before Create. It returns in sentences what of the
	// wanted traits Create will imitate, and how.
	Imitate(Balancing) []string
}

// Balancing is how load balancers give a gateway its address.
type Balancing struct {
	// Hostname is true for a host name, false for an address.
	Hostname bool
	// Several is true where the host name has one address for each zone.
	Several bool
	// Late is true where address and name come some time after the Service.
	Late bool
}
