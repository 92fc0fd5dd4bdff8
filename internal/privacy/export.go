package privacy

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Export is everything that an installation stores about a person, in clear. It is for the person alone.
type Export struct {
	Person   member.PersonID
	At       time.Time
	Sections []Section
	tree     *region.Tree
}

// Section is what one room stores about the person.
type Section struct {
	Name string
	Data any
}

// Export gathers a person's data, for the person itself or for the manager of its station who prints it; each is in the audit trail. Errors:
// member.person_unknown, identity.not_allowed.
func (s *Service) Export(ctx context.Context, by identity.Actor, person member.PersonID) (*Export, error) {
	out := &Export{Person: person}
	var who Subject
	err := s.db.Write(ctx, "privacy.export", func(tx *store.Tx) (err error) {
		if out.tree, err = s.regions.Tree(tx); err != nil {
			return err
		}
		var p member.Person
		if who, p, err = subject(tx, person); errs.KindOf(err) == errs.NotFound {
			p.Region = out.tree.City() // a stranger is refused alike whether there is such a person or not
		} else if err != nil {
			return err
		}
		if err := by.MayFor(identity.MemberExport, string(person), identity.MemberExportFor, p.Region, out.tree); err != nil {
			return err
		}
		if who.Person == "" {
			return errUnknown
		}
		out.At = tx.Now()
		return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(person)), Action: "member.export", Kind: "person", Ref: string(person),
			Region: string(p.Region), Origin: by.Origin})
	})
	if err != nil {
		return nil, err
	}
	// Gathering may take a while and must not keep anybody from writing.
	err = s.db.Read(ctx, "privacy.gather", func(tx *store.Tx) error {
		out.Sections = out.Sections[:0]
		for _, part := range s.parts {
			if part.Data == nil {
				continue
			}
			data, err := part.Data(tx, who)
			if err != nil {
				return err
			}
			out.Sections = append(out.Sections, Section{part.Name, data})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// JSON returns the export for machines: an object with a member for each room, in a fixed order.
func (e *Export) JSON() ([]byte, error) {
	var b bytes.Buffer
	head, err := json.Marshal(struct {
		Person member.PersonID `json:"person"`
		At     time.Time       `json:"at"`
	}{e.Person, e.At})
	if err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	b.Write(head[:len(head)-1])
	for _, s := range e.Sections {
		data, err := json.Marshal(s.Data)
		if err != nil {
			return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
		b.WriteString(",\"" + s.Name + "\":")
		b.Write(data)
	}
	b.WriteByte('}')
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	return out.Bytes(), nil
}
