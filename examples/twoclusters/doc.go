// Package twoclusters shows the lab as a cluster provider of e2e-framework:
// its test runs on two real Kubernetes clusters that the test itself makes.
//
// Owns: the example. May import: lab and e2e-framework.
package twoclusters
