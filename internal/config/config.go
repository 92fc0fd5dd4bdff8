// Package config owns the settings of an installation: one struct, read from a strict TOML file, then the environment, then the command
// line, the later winning.
//
// Every field has a default that works and a line that documents it; a name that nobody knows is an error, because a misspelt setting
// that is silently ignored is found on the day it was needed. The package must never hold a rule of the time bank: those are policy
// parameters, versioned in the database.
package config

import (
	"path/filepath"
	"time"
)

// Config is every setting of an installation. The key of a field is its toml name after its section's; its variable is the key in capitals
// after TIMEBANK_, with underscores for dots: http.addr is TIMEBANK_HTTP_ADDR.
type Config struct {
	Data     string   `toml:"data" default:"./data/timebank" doc:"data folder: the embedded database, the keys, the jobs file and the development inbox"`
	Postgres string   `toml:"postgres" secret:"yes" doc:"connection string of a PostgreSQL 15 or newer; empty means the embedded SQLite database in the data folder"`
	Photos   string   `toml:"photos" doc:"folder of the pictures, sealed; empty means photos in the data folder. Servers that share a database share it"`
	City     string   `toml:"city" default:"320100" doc:"the city's six-digit code; it stands in the log's origin and in every receipt and cannot change later"`
	Memory   int      `toml:"memory" default:"1024" least:"64" doc:"MiB that a server may fill before it looks harder for memory it no longer needs; pages that the embedded database keeps are not counted"`
	HTTP     HTTP     `toml:"http"`
	Limits   Limits   `toml:"limits"`
	Pages    Pages    `toml:"pages"`
	Log      Log      `toml:"log"`
	Keys     Keys     `toml:"keys"`
	DB       DB       `toml:"db"`
	Jobs     Jobs     `toml:"jobs"`
	SignIn   SignIn   `toml:"signin"`
	OpenID   OpenID   `toml:"openid"`
	Geocoder Geocoder `toml:"geocoder"`
	Carriers Carriers `toml:"carriers"`
	Aliyun   Aliyun   `toml:"aliyun"`
	Tencent  Tencent  `toml:"tencent"`
	SMTP     SMTP     `toml:"smtp"`
	WeChat   WeChat   `toml:"wechat"`
}

// HTTP is where and how the server answers.
type HTTP struct {
	Addr     string        `toml:"addr" default:"127.0.0.1:8080" doc:"address to listen on; port 0 takes a free one"`
	Metrics  string        `toml:"metrics" doc:"address for /metrics alone; empty serves it beside the API, where a proxy should keep it from the public"`
	Read     time.Duration `toml:"read" default:"15s" doc:"longest time to read a request"`
	Write    time.Duration `toml:"write" default:"60s" doc:"longest time to answer a request"`
	Shutdown time.Duration `toml:"shutdown" default:"15s" doc:"how long running requests may take to end after a stop signal"`
	Cert     string        `toml:"cert" doc:"file of the certificate and its chain (PEM); with http.key the server answers encrypted by itself"`
	Key      string        `toml:"key" doc:"file of the certificate's private key (PEM)"`
	Proxies  string        `toml:"proxies" doc:"addresses or networks of proxies in front, with spaces between; their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's"`
}

// Limits are how many requests somebody may send. Many people share an address: a station, a street's mobile network.
type Limits struct {
	Address      int `toml:"address" default:"50" least:"0" doc:"requests in a second from one address for long; 0 does not limit"`
	AddressBurst int `toml:"address_burst" default:"500" least:"1" doc:"requests at once from one address"`
	Account      int `toml:"account" default:"20" least:"0" doc:"requests in a second of one account for long; 0 does not limit"`
	AccountBurst int `toml:"account_burst" default:"300" least:"1" doc:"requests at once of one account"`
}

// Pages is what the pages show besides the city's rules.
type Pages struct {
	Phone    string `toml:"phone" default:"12349" doc:"telephone number behind the key to the station on every page, as it is dialled; the default is the national service line for the care of old people"`
	Official string `toml:"official" doc:"host names at which these pages are genuine, with commas between; the page on telling an imitation shows them"`
	Record   string `toml:"record" doc:"number under which the site is registered with the authorities, as it is shown"`
	Map      string `toml:"map" doc:"GeoJSON file with the outlines of the districts by their codes, for the map of the offices; empty draws equal squares. An official map needs its approval number"`
	Tiles    string `toml:"tiles" doc:"address templates of map tiles with {z}, {x} and {y} (EPSG:3857), spaces between layers, under the sketch of the neighbourhood; empty loads none. Who serves them learns which area a reader looks at"`
	Credit   string `toml:"tiles_credit" doc:"whose map that is, with its approval number; it stands below the map"`
	Datum    string `toml:"tiles_datum" default:"wgs84" oneof:"wgs84 gcj02" doc:"what the tiles draw: wgs84 (also CGCS2000, as Tianditu) or gcj02 (commercial maps of mainland China)"`
}

// Log is how the program reports on itself.
type Log struct {
	Format string `toml:"format" default:"text" oneof:"text json" doc:"text for people, json for machines"`
	Level  string `toml:"level" default:"info" oneof:"debug info warn error" doc:"least important line that is written"`
}

// Keys is where the installation's secrets are.
type Keys struct {
	Folder string        `toml:"folder" doc:"folder of the sealing and signing keys; empty means keys in the data folder. Keep a copy elsewhere"`
	Suite  string        `toml:"suite" default:"international" oneof:"international guomi" doc:"how personal fields are sealed and indexed: AES-256-GCM and SHA-256, or SM4-GCM and SM3; a city keeps its choice"`
	Renew  time.Duration `toml:"renew" default:"8760h" doc:"age of the newest data key at which a night draws another one, under which the next nights seal everything anew; 0 never"`
}

// DB bounds the connections to the database.
type DB struct {
	Readers int `toml:"readers" default:"0" least:"0" doc:"read connections; 0 means one for each processor, at least 4"`
	Writers int `toml:"writers" default:"8" least:"1" doc:"write connections on PostgreSQL; SQLite has exactly one"`
	Cache   int `toml:"cache" default:"48" least:"1" doc:"page cache of the embedded database in MiB"`
}

// Jobs is how often the installation looks after itself.
type Jobs struct {
	Timers   time.Duration `toml:"timers" default:"15s" doc:"how often due timers are run"`
	Sequence time.Duration `toml:"sequence" default:"5s" doc:"how often new entries are numbered and the log's head is signed"`
	Relay    time.Duration `toml:"relay" default:"1s" doc:"how often outside effects are handed over"`
	Workers  int           `toml:"workers" default:"4" least:"1" doc:"outside effects delivered at a time"`
}

// SignIn is how people prove who they are.
type SignIn struct {
	Origin   string        `toml:"origin" default:"http://localhost:8080" doc:"public address of the pages; passkeys belong to it and are lost when its host changes"`
	Code     time.Duration `toml:"code" default:"5m" doc:"how long a code by text message is good"`
	Attempts int           `toml:"attempts" default:"5" least:"1" doc:"wrong codes, passwords or words in a row before each further attempt has to wait"`
	Pause    time.Duration `toml:"pause" default:"1m" doc:"the first such wait; each one is twice as long as the one before"`
	Longest  time.Duration `toml:"longest" default:"24h" doc:"the longest such wait"`
	Inbox    string        `toml:"inbox" default:"closed" oneof:"closed open" doc:"open lets everybody read the messages that no carrier took, codes included: for a demo alone"`
}

// OpenID is the city's own sign-in, which people come from; without an issuer there is none.
type OpenID struct {
	Name     string `toml:"name" default:"city" doc:"short name of the provider in addresses and links; it cannot change later"`
	Issuer   string `toml:"issuer" doc:"address of the provider, as its discovery document says it"`
	Client   string `toml:"client" doc:"client id that the provider gave us"`
	Secret   string `toml:"secret" secret:"yes" doc:"client secret; empty for a public client, PKCE is used either way"`
	Redirect string `toml:"redirect" doc:"our address that the provider sends people back to"`
	Scopes   string `toml:"scopes" default:"openid profile" doc:"what is asked for, with spaces between"`
	Claim    string `toml:"claim" default:"id_number" doc:"claim that holds the identity number"`
	Verified string `toml:"verified" default:"id_number_verified" doc:"claim that must be true for the number to count; empty when the provider gives verified numbers alone"`
	WeChat   string `toml:"wechat" doc:"claim that holds the person's OpenID in the mini program of wechat.app, so that messages reach it there; empty takes none"`
}

// Geocoder says who is asked where an address is. Asking sends the address, without unit and room, to somebody else.
type Geocoder struct {
	Provider  string        `toml:"provider" default:"community" oneof:"community tianditu amap" doc:"community asks nobody: a home is at its community's point until somebody puts it elsewhere. tianditu and amap are sent addresses, without unit and room: a city does so by contract and says it in its privacy notice"`
	Key       string        `toml:"key" secret:"yes" doc:"key of the provider's service for servers"`
	Endpoint  string        `toml:"endpoint" doc:"address of the service; empty is the provider's own"`
	Timeout   time.Duration `toml:"timeout" default:"5s" doc:"how long one question may take"`
	PerSecond int           `toml:"per_second" default:"2" least:"1" doc:"questions in a second, as the contract allows"`
}

// Carriers says who carries messages to people.
type Carriers struct {
	SMS     string        `toml:"sms" doc:"carriers of text messages in the order in which they are tried, with spaces between: aliyun, tencent; empty leaves them in the development inbox"`
	Email   string        `toml:"email" doc:"smtp, or empty"`
	WeChat  string        `toml:"wechat" doc:"wechat, or empty"`
	Timeout time.Duration `toml:"timeout" default:"10s" doc:"how long one carrier may take for one message before the next is tried"`
	Token   string        `toml:"token" secret:"yes" doc:"what carriers show as ?token= when they report a delivery, at least 24 characters; empty takes no report"`
}

// Aliyun is the short message service of Alibaba Cloud.
type Aliyun struct {
	Key       string `toml:"key" secret:"yes" doc:"AccessKey id of an account that may send short messages and nothing else"`
	Secret    string `toml:"secret" secret:"yes" doc:"AccessKey secret"`
	Sign      string `toml:"sign" doc:"approved signature before each message"`
	Endpoint  string `toml:"endpoint" default:"https://dysmsapi.aliyuncs.com" doc:"address of the service"`
	Templates string `toml:"templates" doc:"approved templates by kind, with spaces between: signin.code=SMS_1(code) order.accepted=SMS_2(time:start)"`
}

// Tencent is the short message service of Tencent Cloud.
type Tencent struct {
	ID        string `toml:"id" secret:"yes" doc:"SecretId of an account that may send short messages and nothing else"`
	Secret    string `toml:"secret" secret:"yes" doc:"SecretKey"`
	App       string `toml:"app" doc:"SdkAppId of the application"`
	Sign      string `toml:"sign" doc:"approved signature before each message"`
	Region    string `toml:"region" default:"ap-guangzhou" doc:"region of the service"`
	Endpoint  string `toml:"endpoint" default:"https://sms.tencentcloudapi.com" doc:"address of the service"`
	Templates string `toml:"templates" doc:"approved templates by kind, places in their order: signin.code=123(code,minutes)"`
}

// SMTP is the mail server that takes our mail.
type SMTP struct {
	Addr     string `toml:"addr" doc:"host and port of the mail server"`
	User     string `toml:"user" doc:"account at the mail server; empty signs in nowhere"`
	Password string `toml:"password" secret:"yes" doc:"password of the account"`
	From     string `toml:"from" doc:"sender of our mail"`
	TLS      string `toml:"tls" default:"starttls" oneof:"starttls tls none" doc:"encryption: after STARTTLS, from the first byte, or none (this machine alone)"`
	CA       string `toml:"ca" doc:"file of the authorities that the mail server's certificate is checked against (PEM); empty takes the system's"`
}

// WeChat is the city's mini program, which sends subscription messages.
type WeChat struct {
	App       string `toml:"app" doc:"AppID of the mini program"`
	Secret    string `toml:"secret" secret:"yes" doc:"AppSecret"`
	Endpoint  string `toml:"endpoint" default:"https://api.weixin.qq.com" doc:"address of the service"`
	Templates string `toml:"templates" doc:"template ids by kind, with the names of their places: order.accepted=abc(thing1:service,time2:start)"`
	Page      string `toml:"page" doc:"page of the mini program that a message opens; empty opens none"`
}

// KeyFolder returns the folder of the installation's keys.
func (c Config) KeyFolder() string {
	if c.Keys.Folder != "" {
		return c.Keys.Folder
	}
	return filepath.Join(c.Data, "keys")
}

// PhotoFolder returns the folder of the pictures, "" when there is no data folder either.
func (c Config) PhotoFolder() string {
	if c.Photos != "" || c.Data == "" {
		return c.Photos
	}
	return filepath.Join(c.Data, "photos")
}
