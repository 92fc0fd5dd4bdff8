package replay

import (
	"fmt"
	"strconv"
)

// The commonest surnames and parts of given names (general knowledge); together they name nobody in particular.
var (
	surnames = []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈")
	oldMale  = []rune("国建德志明永福荣贵松")
	oldMale2 = []rune("华平林生荣发根祥富海")
	oldFem   = []rune("秀玉桂淑凤美金素月兰")
	oldFem2  = []rune("英珍兰芳华珠琴云娣芬")
	newMale  = []rune("伟强磊军勇杰涛超鹏浩俊宇")
	newFem   = []rune("静丽敏艳娟霞婷雪倩颖琳慧")
)

// areas is how many codes of statutory districts identity numbers begin with.
const areas = 11

var areaCodes = [areas]string{"320102", "320104", "320105", "320106", "320111", "320113", "320114", "320115", "320116", "320117", "320118"}

func pick(set []rune, h uint64) string { return string(set[h%uint64(len(set))]) }

// male reports the sex that the identity number tells.
func (p person) male() bool { return p.serial%2 == 1 }

// name is what person number i is called.
func (p person) name(seed uint64, i uint32) string {
	h := mix(seed, 1, uint64(i))
	family := pick(surnames, h)
	first, second := newFem, newFem
	old := p.born < 60*365 // born before 1960
	switch {
	case p.male() && old:
		first, second = oldMale, oldMale2
	case p.male():
		first, second = newMale, newMale
	case old:
		first, second = oldFem, oldFem2
	}
	given := pick(first, h>>16)
	if old || h>>60 < 8 {
		given += pick(second, h>>32)
	}
	return family + given
}

// idNumber is a valid identity number of GB 11643 that belongs to nobody else in the run.
func (p person) idNumber() string {
	b := make([]byte, 0, 18)
	b = append(b, areaCodes[p.area]...)
	d := string(p.birth())
	b = append(b, d[0:4]...)
	b = append(b, d[5:7]...)
	b = append(b, d[8:10]...)
	b = append(b, byte('0'+p.serial/100), byte('0'+p.serial/10%10), byte('0'+p.serial%10))
	sum := 0
	for _, c := range b {
		sum = (sum + int(c-'0')) * 2 % 11
	}
	return string(append(b, "0123456789X"[(12-sum)%11]))
}

// phone is a mobile number of a block that no operator has given out, or a landline for two in five of the old.
func (p person) phone(seed uint64, i uint32) string {
	if p.born < 50*365 && mix(seed, 2, uint64(i))%5 < 2 {
		return fmt.Sprintf("025-2%07d", i%10_000_000)
	}
	return fmt.Sprintf("1990%07d", i%10_000_000)
}

// address is where person number i lives, below its community.
func (p person) address(seed uint64, i uint32, a *atlas) string {
	h := mix(seed, 3, uint64(i))
	c := a.communities[p.community]
	return a.streets[c.street].name + c.name + strconv.Itoa(int(h%60)+1) + "幢" + strconv.Itoa(int(h>>8%4)+1) + "单元" +
		strconv.Itoa((int(h>>16%7)+1)*100+int(h>>24%4)+1) + "室"
}
