package fakeim

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bot is what the people who made a bot have set for its security. The zero value takes
// messages from anybody.
type Bot struct {
	// Secret is the key that messages must be signed with; empty if they need not be.
	Secret string
	// Keywords, if any, are the words of which every message must have one.
	Keywords []string
	// From, if any, are the networks that messages may come from.
	From []netip.Prefix
}

// security is what of a Bot a messenger knows.
type security struct {
	signs bool
	// keywords and networks are how many of each a bot may have.
	keywords, networks int
}

// AddBot makes a bot known by its webhook address, or by its token alone. A bot with a secret
// checks signatures; any other token is taken for one without a secret, unless OnlyKnownBots
// was called.
func (im *IM) AddBot(address, secret string) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.bots[im.tokenOf(address)] = Bot{Secret: secret}
}

// SetBot makes a bot known by its webhook address, or by its token alone, with all that is set
// for it. The error says what the messenger does not let people set.
func (im *IM) SetBot(address string, bot Bot) error {
	can := im.protocol.security
	switch {
	case bot.Secret != "" && !can.signs:
		return fmt.Errorf("bots of %s do not check signatures", im.protocol.title)
	case len(bot.Keywords) > can.keywords:
		return fmt.Errorf("a bot of %s may have %d keywords, not %d", im.protocol.title, can.keywords, len(bot.Keywords))
	case len(bot.From) > can.networks:
		return fmt.Errorf("a bot of %s may have %d networks, not %d", im.protocol.title, can.networks, len(bot.From))
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.bots[im.tokenOf(address)] = bot
	return nil
}

func (im *IM) tokenOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return im.protocol.token(u)
	}
	return address
}

// OnlyKnownBots makes the messenger refuse the tokens that AddBot and SetBot were not told of.
func (im *IM) OnlyKnownBots() {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.onlyKnown = true
}

// bot returns a bot and whether there is such a bot.
func (im *IM) bot(token string) (bot Bot, exists bool) {
	im.mu.Lock()
	defer im.mu.Unlock()
	bot, exists = im.bots[token]
	return bot, exists || (token != "" && !im.onlyKnown)
}

// takesFrom tells whether a request comes from where the bot's messages may come from.
func (b Bot) takesFrom(r *http.Request) bool {
	if len(b.From) == 0 {
		return true
	}
	address, err := netip.ParseAddr(sender(r))
	return err == nil && slices.ContainsFunc(b.From, func(network netip.Prefix) bool { return network.Contains(address.Unmap()) })
}

// sender is the address that a request comes from.
func sender(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// takes tells whether a message has one of the bot's keywords, if it has any.
func (b Bot) takes(v *view) bool {
	text := v.whole()
	return len(b.Keywords) == 0 || slices.ContainsFunc(b.Keywords, func(word string) bool { return strings.Contains(text, word) })
}

// signatureWindow is how far a signature's time may be from now: one hour at Feishu and
// DingTalk alike.
const signatureWindow = time.Hour

// inWindow tells whether a signature's time is near enough.
func inWindow(at time.Time) bool { return time.Since(at).Abs() <= signatureWindow }
