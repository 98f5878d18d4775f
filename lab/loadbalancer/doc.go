// Package loadbalancer gives Services of type LoadBalancer an address, with
// the service controller of k8s.io/cloud-provider and a cloud of a few lines.
//
// Owns: the pool of addresses of one cluster, the cloud that hands them out,
// the traits of platforms: addresses or host names, how many, how late.
// May import: k8s.io/cloud-provider and client-go; nothing of ours. How an
// address is held (on a node's link, in a container engine's network) is the
// caller's Holder; where balancers with host names stand its Front.
package loadbalancer
