"""Parses the output of --golden-report independently of rifec's code.

    golden.py html FILE PICTURES    checks the page: complete, self-contained, with PICTURES
                                    pictures that decode
    golden.py json FILE KEY         prints one value of the report, as JSON
    golden.py junit FILE            prints "tests failures" of the suite and checks them
                                    against its test cases
"""
import base64
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser


class Page(HTMLParser):
    VOID = {'meta', 'img', 'input', 'path', 'link', 'br'}
    OPTIONAL_END = {'td', 'th', 'tr', 'dt', 'dd', 'html'}

    def __init__(self):
        super().__init__()
        self.open, self.pictures, self.texts, self.polls = [], [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag not in ('script', 'link', 'iframe', 'object', 'embed', 'base', 'form'), tag
        for key, value in attrs:
            assert not key.startswith('on'), key
            if key in ('src', 'href', 'srcset', 'data', 'action', 'poster', 'xlink:href'):
                assert tag == 'img' and key == 'src' and value.startswith('data:image/'), (tag, key, value[:60])
                self.pictures.append(value)
        if tag not in self.VOID | self.OPTIONAL_END:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.OPTIONAL_END:
            assert self.open and self.open[-1] == tag, (tag, self.open)
            self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)


def html(path, count):
    text = open(path, 'rb').read().decode('utf-8')
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, page.open
    assert 'url(' not in text and '@import' not in text
    assert len(page.pictures) == int(count), len(page.pictures)
    for p in page.pictures:
        head, data = p.split(',', 1)
        assert head in ('data:image/jpeg;base64', 'data:image/png;base64'), head
        out = subprocess.run(['ffmpeg', '-v', 'error', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
                             input=base64.b64decode(data, validate=True), capture_output=True)
        assert out.returncode == 0 and out.stdout and not out.stderr, out.stderr
    print(' '.join(page.texts))


def junit(path):
    root = ET.parse(path).getroot()
    suite = root.find('testsuite')
    cases = suite.findall('testcase')
    failed = [c for c in cases if c.find('failure') is not None]
    assert int(suite.get('tests')) == len(cases) and int(suite.get('failures')) == len(failed)
    print(len(cases), len(failed))


if __name__ == '__main__':
    what, path, *rest = sys.argv[1:]
    if what == 'html':
        html(path, *rest)
    elif what == 'junit':
        junit(path)
    else:
        print(json.dumps(json.load(open(path))[rest[0]]))
