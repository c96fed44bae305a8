package rehearse

import (
	"crypto/x509"
	"time"
)

// Trust takes other authorities than the system's.
func (c *Client) Trust(roots *x509.CertPool) { c.trust(roots) }

// Limit sets how long the platform waits.
func (c *Client) Limit(d time.Duration) { c.limit = d }
