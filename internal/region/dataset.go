package region

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

//go:embed data/nanjing-regions.csv data/nanjing-jiangbei-streets.csv data/nanjing-district-seats.csv data/nanjing-schematic.geojson
var files embed.FS

// Dataset is what Service.Import seeds a city with: rows in an order in which a parent comes before its children.
type Dataset struct {
	// From is the first day on which the codes and parents hold.
	From clock.Day
	Rows []Row
}

// Row is one region of a dataset. Parents are named by their codes.
type Row struct {
	Code   string
	System System
	Name   string
	Level  Level
	// Administrative is the code of the parent by law, empty for a city and for a functional zone.
	Administrative string
	// Reporting is the code of the parent that statistics count the region under, empty for a city.
	Reporting string
	// Seat is where the seat roughly is, nil if unknown.
	Seat *Point
}

// Zone is a functional zone that ParseDataset adds at the level of a district, with the streets that report to it.
type Zone struct {
	Code, Name string
	Streets    []string // official codes
}

// JiangbeiCode is the private code of Jiangbei New Area 江北新区, which has none in GB/T 2260.
const JiangbeiCode = "JBNA"

var nanjing = sync.OnceValue(func() Dataset {
	read := func(name string) []byte {
		b, err := files.ReadFile("data/" + name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		return b
	}
	zone := Zone{Code: JiangbeiCode, Name: "江北新区"}
	lines, err := readCSV(read("nanjing-jiangbei-streets.csv"), "street_code,street_name,district_code,district_name")
	if err != nil {
		panic(err)
	}
	for _, line := range lines {
		zone.Streets = append(zone.Streets, line[0])
	}
	d, err := ParseDataset(read("nanjing-regions.csv"), read("nanjing-district-seats.csv"), zone)
	if err != nil {
		panic(err)
	}
	return d
})

// Nanjing returns the regions of Nanjing as of the statistical codes of 2023, with Jiangbei New Area as a reporting unit. The files
// are embedded and parsed once; the caller must not change the rows. data/README.md tells source and licence.
func Nanjing() Dataset { return nanjing() }

// NanjingSchematic returns a GeoJSON of twelve equal squares in rough geographic order, one for each reporting unit, on an
// arbitrary plane. It is a schematic of our own and not a map.
func NanjingSchematic() []byte {
	b, err := files.ReadFile("data/nanjing-schematic.geojson")
	if err != nil {
		panic(err) // the file is part of the program
	}
	return b
}

// ParseDataset reads regions in CSV with the header code,name,level,parent and seats in CSV with the header code,name,lat,lon (it
// may be nil), and adds the zones right behind the city. Every row holds from Beginning. The error is errs.Invalid and names every
// bad line.
func ParseDataset(regions, seats []byte, zones ...Zone) (Dataset, error) {
	var bad errs.Fields
	seatOf := map[string]*Point{}
	if seats != nil {
		lines, err := readCSV(seats, "code,name,lat,lon")
		if err != nil {
			return Dataset{}, errs.Invalid("region.dataset_unreadable", errs.Field{Path: "seats", Code: "region.csv_malformed"}).With(err)
		}
		for i, line := range lines {
			lat, okLat := parseE6(line[2])
			lon, okLon := parseE6(line[3])
			p := Point{LatE6: lat, LonE6: lon}
			if !okLat || !okLon || !p.Valid() {
				bad.Add(fmt.Sprintf("seats.%d", i), "region.bad_point")
				continue
			}
			seatOf[line[0]] = &p
		}
	}
	zoneOf := map[string]string{}
	for _, z := range zones {
		for _, street := range z.Streets {
			zoneOf[street] = z.Code
		}
	}
	lines, err := readCSV(regions, "code,name,level,parent")
	if err != nil {
		return Dataset{}, errs.Invalid("region.dataset_unreadable", errs.Field{Path: "regions", Code: "region.csv_malformed"}).With(err)
	}
	d := Dataset{From: Beginning}
	for _, line := range lines {
		row := Row{Code: line[0], System: Official, Name: line[1], Level: Level(line[2]), Seat: seatOf[line[0]]}
		if row.Level != City {
			row.Administrative, row.Reporting = line[3], line[3]
		}
		if zone, ok := zoneOf[row.Code]; ok {
			row.Reporting = zone
		}
		delete(seatOf, row.Code)
		d.Rows = append(d.Rows, row)
		if row.Level == City {
			for _, z := range zones {
				d.Rows = append(d.Rows, Row{Code: z.Code, System: Private, Name: z.Name, Level: District, Reporting: row.Code})
			}
		}
	}
	for code := range seatOf {
		bad.Add("seats."+code, "region.unknown_code")
	}
	for _, z := range zones {
		for _, street := range z.Streets {
			if !slices.ContainsFunc(d.Rows, func(r Row) bool { return r.Code == street && r.Level == Street }) {
				bad.Add("zones."+z.Code+"."+street, "region.unknown_code")
			}
		}
	}
	d.check(&bad)
	if err := bad.Err("region.dataset_invalid"); err != nil {
		return Dataset{}, err
	}
	return d, nil
}

// Validate returns errs.Invalid with every row that has a malformed or repeated code, no name, an unknown level, or a parent that is
// missing, comes later, or does not stand one level higher.
func (d Dataset) Validate() error {
	var bad errs.Fields
	d.check(&bad)
	return bad.Err("region.dataset_invalid")
}

func (d Dataset) check(bad *errs.Fields) {
	if d.From != Beginning && !validDay(d.From) {
		bad.Add("from", "region.bad_day")
	}
	seen := make(map[string]Row, len(d.Rows))
	for i, row := range d.Rows {
		at := func(field string) string { return fmt.Sprintf("rows.%d.%s", i, field) }
		if !row.Level.Valid() {
			bad.Add(at("level"), "region.unknown_level")
		} else if !validCode(row.System, row.Level, row.Code) {
			bad.Add(at("code"), "region.bad_code")
		}
		if _, twice := seen[row.Code]; twice {
			bad.Add(at("code"), "region.code_taken")
		}
		if strings.TrimSpace(row.Name) == "" {
			bad.Add(at("name"), "region.name_missing")
		}
		if row.Seat != nil && !row.Seat.Valid() {
			bad.Add(at("seat"), "region.bad_point")
		}
		zone := kindOf(row.Level, row.System, row.Code) == KindZone
		parent := func(field, code string, mayBeEmpty, mayBeZone bool) {
			if code == "" && mayBeEmpty {
				return
			}
			p, ok := seen[code]
			switch {
			case !ok:
				bad.Add(at(field), "region.unknown_code")
			case p.Level.Rank()+1 != row.Level.Rank():
				bad.Add(at(field), "region.parent_wrong_level")
			case !mayBeZone && kindOf(p.Level, p.System, p.Code) == KindZone:
				bad.Add(at(field), "region.zone_is_not_administrative")
			}
		}
		parent("administrative", row.Administrative, row.Level == City || zone, false)
		parent("reporting", row.Reporting, row.Level == City, true)
		seen[row.Code] = row
	}
}

// readCSV returns the lines below the header, which must be the expected one.
func readCSV(b []byte, header string) ([][]string, error) {
	lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || strings.Join(lines[0], ",") != header {
		return nil, fmt.Errorf("region: want the header %q", header)
	}
	return lines[1:], nil
}
